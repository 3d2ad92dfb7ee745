package push

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// mostNested is how deep a structured body may be; a deeper one becomes a dead letter.
const mostNested = 32

// The fields of AnyValue.
const (
	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyMap    = 6
	anyBytes  = 7
)

// anyValue writes a record's body: a text or bytes as they are, a structured one as JSON. ok is false when it is none of
// these. The error is that of broken protobuf.
func anyValue(b []byte, out *packer) (ok bool, err error) {
	err = walk(b, func(num protowire.Number, typ protowire.Type, v []byte) error {
		switch {
		case (num == anyString || num == anyBytes) && typ == protowire.BytesType && len(v) > 0:
			ok = out.text(v)
		case (num == anyMap || num == anyArray) && typ == protowire.BytesType:
			from := len(out.buf)
			if ok, err = appendAny(b, out, 0); !ok {
				out.buf = out.buf[:from]
			} else {
				ok = out.value(nil) // the end of the line
			}
			return err
		}
		return nil
	})
	return ok, err
}

func (p *packer) add(s string) bool {
	if !p.room(len(s)) {
		return false
	}
	p.buf = append(p.buf, s...)
	return true
}

func (p *packer) quote(s []byte) bool {
	if !p.room(quotedLen(s)) {
		return false
	}
	p.buf = appendQuoted(p.buf, s)
	return true
}

// appendAny writes an AnyValue as JSON.
func appendAny(b []byte, out *packer, depth int) (ok bool, err error) {
	if depth > mostNested {
		return false, nil
	}
	from := len(out.buf)
	ok = out.add("null")
	err = walk(b, func(num protowire.Number, typ protowire.Type, v []byte) error {
		out.buf = out.buf[:from] // of several the last one counts
		var err error
		switch {
		case num == anyString && typ == protowire.BytesType:
			ok = out.quote(v)
		case num == anyBool && typ == protowire.VarintType:
			n, _ := protowire.ConsumeVarint(v)
			ok = out.add(strconv.FormatBool(n != 0))
		case num == anyInt && typ == protowire.VarintType:
			n, _ := protowire.ConsumeVarint(v)
			ok = out.add(strconv.FormatInt(int64(n), 10))
		case num == anyDouble && typ == protowire.Fixed64Type:
			ok = out.double(math.Float64frombits(binary.LittleEndian.Uint64(v)))
		case num == anyBytes && typ == protowire.BytesType:
			ok = out.quote([]byte(base64.StdEncoding.EncodeToString(v)))
		case num == anyArray && typ == protowire.BytesType:
			ok, err = appendList(v, out, '[', ']', func(item []byte) (bool, error) { return appendAny(item, out, depth+1) })
		case num == anyMap && typ == protowire.BytesType:
			ok, err = appendList(v, out, '{', '}', func(item []byte) (bool, error) { return appendPair(item, out, depth+1) })
		default:
			ok = out.add("null")
		}
		return err
	})
	return ok && out.problem == nil, err
}

// double writes a number; those that JSON does not have are null.
func (p *packer) double(f float64) bool {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return p.add("null")
	}
	return p.add(strconv.FormatFloat(f, 'g', -1, 64))
}

// appendList writes the items of an ArrayValue or KeyValueList: both have them in field 1.
func appendList(b []byte, out *packer, left, right byte, item func([]byte) (bool, error)) (ok bool, err error) {
	ok = out.add(string(left))
	first := true
	err = walk(b, func(num protowire.Number, typ protowire.Type, v []byte) error {
		if num != 1 || typ != protowire.BytesType || !ok {
			return nil
		}
		if !first {
			ok = out.add(",")
		}
		first = false
		if !ok {
			return nil
		}
		var err error
		ok, err = item(v)
		return err
	})
	return ok && out.add(string(right)), err
}

func appendPair(b []byte, out *packer, depth int) (ok bool, err error) {
	var key, value []byte
	if err := walk(b, func(num protowire.Number, typ protowire.Type, v []byte) error {
		if typ == protowire.BytesType {
			switch num {
			case 1:
				key = v
			case 2:
				value = v
			}
		}
		return nil
	}); err != nil {
		return false, err
	}
	if !out.quote(key) || !out.add(":") {
		return false, nil
	}
	return appendAny(value, out, depth)
}

// anyValueJSON is anyValue for OTLP in JSON.
func anyValueJSON(b []byte, out *packer) (ok bool) {
	members(b, func(n, v []byte) bool {
		switch string(n) {
		case "stringValue", "string_value":
			if text, isText := unquote(v); isText && text != "" {
				ok = out.text([]byte(text))
			}
		case "bytesValue", "bytes_value":
			text, _ := unquote(v)
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil && len(raw) > 0 {
				ok = out.text(raw)
			}
		case "kvlistValue", "kvlist_value", "arrayValue", "array_value":
			from := len(out.buf)
			if ok = appendAnyJSON(b, out, 0); !ok {
				out.buf = out.buf[:from]
			} else {
				ok = out.value(nil)
			}
		}
		return true
	})
	return ok
}

func appendAnyJSON(b []byte, out *packer, depth int) bool {
	if depth > mostNested {
		return false
	}
	from := len(out.buf)
	ok := out.add("null")
	whole := members(b, func(n, v []byte) bool {
		out.buf = out.buf[:from]
		switch string(n) {
		case "intValue", "int_value": // a string, since JSON's numbers are not long enough
			if text, isText := unquote(v); isText {
				v = []byte(text)
			}
			ok = json.Valid(v) && out.add(string(v))
		case "kvlistValue", "kvlist_value":
			ok = listJSON(v, out, '{', '}', func(item []byte) bool { return pairJSON(item, out, depth+1) })
		case "arrayValue", "array_value":
			ok = listJSON(v, out, '[', ']', func(item []byte) bool { return appendAnyJSON(item, out, depth+1) })
		default:
			ok = json.Valid(v) && out.add(string(v)) // texts, truth, numbers, base64
		}
		return ok
	})
	return whole && ok && out.problem == nil
}

func listJSON(b []byte, out *packer, left, right byte, item func([]byte) bool) bool {
	if !out.add(string(left)) {
		return false
	}
	first := true
	ok := members(b, func(n, v []byte) bool {
		return string(n) != "values" || elements(v, func(e []byte) bool {
			if !first && !out.add(",") {
				return false
			}
			first = false
			return item(e)
		})
	})
	return ok && out.add(string(right))
}

func pairJSON(b []byte, out *packer, depth int) bool {
	key, value := []byte(`""`), []byte("{}")
	if !members(b, func(n, v []byte) bool {
		switch string(n) {
		case "key":
			key = v
		case "value":
			value = v
		}
		return true
	}) {
		return false
	}
	if key[0] != '"' || !out.add(string(key)) || !out.add(":") {
		return false
	}
	return appendAnyJSON(value, out, depth)
}
