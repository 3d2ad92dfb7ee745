package kafka

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// certificate makes a certificate that signs itself, for servers and clients on 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string, pair tls.Certificate) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	return write(t, "cert.pem", certPEM), write(t, "key.pem", keyPEM), pair
}

// ping reports whether the broker lets us in.
func ping(t *testing.T, c *kfake.Cluster, s *SASL, tl *TLS) error {
	t.Helper()
	cfg := good()
	cfg.Brokers, cfg.SASL, cfg.TLS = c.ListenAddrs(), s, tl
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	opts, err := cfg.security()
	if err != nil {
		return err
	}
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(cfg.Brokers...), kgo.RetryTimeout(2*time.Second), kgo.RequestRetries(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return cl.Ping(ctx)
}

func TestSignIn(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "ana", "one"), kfake.Superuser("SCRAM-SHA-256", "ana", "two"), kfake.Superuser("SCRAM-SHA-512", "ana", "three"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for mechanism, pass := range map[string]string{Plain: "one", SCRAM256: "two", SCRAM512: "three"} {
		file := write(t, "password", []byte("wrong\n"))
		s := &SASL{Mechanism: mechanism, User: "ana", PasswordFile: file}
		if err := ping(t, c, s, nil); err == nil || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: a wrong password: %v", mechanism, err)
		}
		if err := os.WriteFile(file, []byte(pass+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ping(t, c, s, nil); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
	for what, s := range map[string]*SASL{"absent": {Mechanism: Plain, User: "ana", PasswordFile: "/nowhere/at/all"}, "empty": {Mechanism: OAuthBearer, TokenFile: write(t, "token", []byte(" \n"))}} {
		if err := ping(t, c, s, nil); err == nil {
			t.Errorf("%s secret: no error", what)
		}
	}
}

// The token of OAUTHBEARER is read at each sign-in.
func TestTokenIsReadAgain(t *testing.T) {
	file := write(t, "token", []byte("first\n"))
	m := (&SASL{Mechanism: OAuthBearer, TokenFile: file}).mechanism()
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, hello, err := m.Authenticate(t.Context(), "broker")
		if err != nil || !strings.Contains(string(hello), "auth=Bearer "+want+"\x01") {
			t.Errorf("%q, %v", hello, err)
		}
	}
	if m.Name() != "OAUTHBEARER" {
		t.Error(m.Name())
	}
}

func TestEncryption(t *testing.T) {
	serverCert, _, server := certificate(t)
	clientCert, clientKey, _ := certificate(t)
	clients := x509.NewCertPool()
	pemBytes, err := os.ReadFile(clientCert)
	if err != nil {
		t.Fatal(err)
	}
	clients.AppendCertsFromPEM(pemBytes)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := ping(t, c, nil, &TLS{CAFile: serverCert, CertFile: clientCert, KeyFile: clientKey}); err != nil {
		t.Errorf("with all that it takes: %v", err)
	}
	otherCert, otherKey, _ := certificate(t)
	for what, conf := range map[string]*TLS{
		"no certificate of our own":    {CAFile: serverCert},
		"somebody else's certificate":  {CAFile: serverCert, CertFile: otherCert, KeyFile: otherKey},
		"a server nobody vouches for":  {CertFile: clientCert, KeyFile: clientKey},
		"a key of another certificate": {CAFile: serverCert, CertFile: clientCert, KeyFile: otherKey},
		"no such authority":            {CAFile: "/nowhere/ca.pem"},
		"an authority that is none":    {CAFile: clientKey},
		"another server's name":        {CAFile: serverCert, CertFile: clientCert, KeyFile: clientKey, ServerName: "elsewhere.example"},
	} {
		if err := ping(t, c, nil, conf); err == nil {
			t.Errorf("%s: let in", what)
		}
	}
}
