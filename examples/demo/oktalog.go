package demo

// oktaCallOf writes everything of a System Log record but its time and ids.
func oktaCallOf(id, typ, login, name, ip, agent string, at struct{ city, state, country, lat, lon string }, e oktaEvent, target string) oktaCall {
	geo := `{"city":"` + at.city + `","state":"` + at.state + `","country":"` + at.country + `","postalCode":null,"geolocation":{"lat":` + at.lat + `,"lon":` + at.lon + `}}`
	legacy := "null"
	if e.legacy != "" {
		legacy = `"` + e.legacy + `"`
	}
	system, browser, device := "Mac OS X", "FIREFOX", "Computer"
	if typ != "User" {
		system, browser, device = "Unknown", "UNKNOWN", "Unknown"
	}
	return oktaCall{
		head: `{"actor":{"id":"` + id + `","type":"` + typ + `","alternateId":"` + login + `","displayName":"` + name + `","detailEntry":null},"client":{"userAgent":{"rawUserAgent":"` + agent +
			`","os":"` + system + `","browser":"` + browser + `"},"zone":"null","device":"` + device + `","id":null,"ipAddress":"` + ip + `","geographicalContext":` + geo +
			`},"device":null,"authenticationContext":{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,"issuer":null,"interface":null,"authenticationStep":0,"rootSessionId":null,"externalSessionId":"`,
		tail: `","displayMessage":"` + e.message + `","eventType":"` + e.kind + `","outcome":{"result":"SUCCESS","reason":null},"severity":"` + e.severity +
			`","legacyEventType":` + legacy + `,"securityContext":{"asNumber":64496,"asOrg":"example access network","isp":"example isp","domain":"isp.example","isProxy":false},"request":{"ipChain":[{"ip":"` + ip +
			`","geographicalContext":` + geo + `,"version":"V4","source":null}]},"target":` + target + `,"debugContext":{"debugData":{"requestUri":"/idp/idx/identify","url":"/idp/idx/identify?","threatSuspected":"false","dtHash":"`,
	}
}

// record appends one record of the System Log.
func (k *okta) record(b []byte, call int32, at int64, id uint64) []byte {
	c := &k.calls[call]
	b = append(b, c.head...)
	b = append(b, "102"...)
	b = appendHex(b, mix(c.session^uint64(at/(8*hourMillis)))) // one session a working day
	b = append(b, `"},"published":"`...)
	b = appendCivil(b, at/1000)
	b = append(b, '.')
	b = appendDigits(b, at%1000, 3)
	b = append(b, 'Z')
	b = append(b, c.tail...)
	b = appendHex(b, mix(id^0x77))
	b = appendHex(b, mix(c.session))
	b = append(b, `","requestId":"`...)
	b = appendHex(b, mix(id^0x99))
	b = append(b, `"}},"transaction":{"type":"WEB","id":"`...)
	b = appendHex(b, mix(id^0x99))
	b = append(b, `","detail":{}},"uuid":"`...)
	b = appendUUID(b, id)
	return append(b, "\",\"version\":\"0\"}\n"...)
}

func appendHex(b []byte, v uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[v>>shift&15])
	}
	return b
}
