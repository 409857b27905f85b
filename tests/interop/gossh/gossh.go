// Go's x/crypto/ssh as a client and as a server, called as ../caller is.
//
//	gossh client OPTIONS COMMAND    ends with the command's exit status
//	gossh server OPTIONS            mirrors what every command is sent
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const (
	failed   = 255
	mirrored = 7
)

var (
	port     = flag.String("p", "", "port")
	user     = flag.String("u", "", "user")
	keyFile  = flag.String("i", "", "the client's key")
	certFile = flag.String("C", "", "the certificate of the client's key")
	trusted  = flag.String("T", "", "keys of those who certify others")
	held     = flag.String("G", "", "agents that have more host keys")
	hostCert = flag.String("D", "", "host certificates, as -H")
	password = flag.String("w", "", "password")
	answer   = flag.String("K", "", "the answer to every prompt")
	keyLines = flag.String("a", "", "keys of those who are let in")
	hostKeys = flag.String("H", "", "host keys, with commas between")
	kex      = flag.String("k", "", "key exchange methods")
	hostAlgs = flag.String("h", "", "host key algorithms")
	ciphers  = flag.String("c", "", "ciphers")
	macs     = flag.String("m", "", "MACs")
	_        = flag.String("z", "none", "compression, of which it has none")
	rekey    = flag.Uint64("r", 0, "bytes between key exchanges")
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gossh:", err)
		os.Exit(failed)
	}
}

func list(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, ",")
}

func config() ssh.Config {
	return ssh.Config{KeyExchanges: list(*kex), Ciphers: list(*ciphers),
		MACs: list(*macs), RekeyThreshold: *rekey}
}

func readKey(path string) ssh.Signer {
	text, err := os.ReadFile(path)
	check(err)
	key, err := ssh.ParsePrivateKey(text)
	check(err)
	return key
}

// readLines has the keys of a file of them.
func readLines(path string) []ssh.PublicKey {
	rest, err := os.ReadFile(path)
	check(err)
	var keys []ssh.PublicKey
	for len(bytes.TrimSpace(rest)) > 0 {
		var key ssh.PublicKey
		key, _, _, rest, err = ssh.ParseAuthorizedKey(rest)
		check(err)
		keys = append(keys, key)
	}
	return keys
}

func certify(key ssh.Signer, path string) ssh.Signer {
	certified, err := ssh.NewCertSigner(
		readLines(path)[0].(*ssh.Certificate), key)
	check(err)
	return certified
}

func askAgent(path string) []ssh.Signer {
	socket, err := net.Dial("unix", path)
	check(err)
	signers, err := agent.NewClient(socket).Signers()
	check(err)
	return signers
}

// signers has what the client shows.
func signers() []ssh.Signer {
	if *keyFile == "" {
		return askAgent(os.Getenv("SSH_AUTH_SOCK"))
	}
	key := readKey(*keyFile)
	if *certFile != "" {
		key = certify(key, *certFile)
	}
	return []ssh.Signer{key}
}

func isTrusted(key ssh.PublicKey) bool {
	return *trusted != "" && isAmong(key, *trusted)
}

// judgeHost believes any key, unless somebody is to certify it.
func judgeHost() ssh.HostKeyCallback {
	if *trusted == "" {
		return ssh.InsecureIgnoreHostKey()
	}
	checker := ssh.CertChecker{
		IsHostAuthority: func(key ssh.PublicKey, _ string) bool {
			return isTrusted(key)
		}}
	return checker.CheckHostKey
}

// answerAll says the same to all that is asked.
func answerAll(_, _ string, prompts []string, _ []bool) ([]string, error) {
	answers := make([]string, len(prompts))
	for i := range answers {
		answers[i] = *answer
	}
	return answers, nil
}

func clientMethod() ssh.AuthMethod {
	if *password != "" {
		return ssh.Password(*password)
	}
	if *answer != "" {
		return ssh.KeyboardInteractive(answerAll)
	}
	return ssh.PublicKeys(signers()...)
}

func runClient(command string) {
	client, err := ssh.Dial("tcp", "127.0.0.1:"+*port, &ssh.ClientConfig{
		Config: config(), User: *user,
		Auth:              []ssh.AuthMethod{clientMethod()},
		HostKeyAlgorithms: list(*hostAlgs),
		HostKeyCallback:   judgeHost()})
	check(err)
	session, err := client.NewSession()
	check(err)
	session.Stdin, session.Stdout, session.Stderr =
		os.Stdin, os.Stdout, os.Stderr
	err = session.Run(command)
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitStatus())
	}
	check(err)
}

func isAmong(key ssh.PublicKey, path string) bool {
	for _, listed := range readLines(path) {
		if bytes.Equal(listed.Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

func letIn(is bool) (*ssh.Permissions, error) {
	if is {
		return nil, nil
	}
	return nil, errors.New("refused")
}

func serverConfig() *ssh.ServerConfig {
	c := &ssh.ServerConfig{Config: config()}
	c.KeyExchanges = nil
	for _, name := range list(*kex) {
		// It refuses to start with this as a server.
		if !strings.Contains(name, "group-exchange") {
			c.KeyExchanges = append(c.KeyExchanges, name)
		}
	}
	c.PasswordCallback = func(who ssh.ConnMetadata, given []byte) (
		*ssh.Permissions, error) {
		return letIn(who.User() == *user && string(given) == *password)
	}
	c.KeyboardInteractiveCallback = func(who ssh.ConnMetadata,
		ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		answers, err := ask("", "", []string{"Word: "}, []bool{false})
		return letIn(err == nil && who.User() == *user &&
			answers[0] == *password)
	}
	checker := ssh.CertChecker{
		IsUserAuthority: isTrusted,
		UserKeyFallback: func(who ssh.ConnMetadata, key ssh.PublicKey) (
			*ssh.Permissions, error) {
			return letIn(who.User() == *user && isAmong(key, *keyLines))
		}}
	c.PublicKeyCallback = checker.Authenticate
	addHostKeys(c)
	return c
}

// addHostKeys has as many certificates as there are keys, or none.
func addHostKeys(c *ssh.ServerConfig) {
	certificates := list(*hostCert)
	for i, path := range list(*hostKeys) {
		key := readKey(path)
		c.AddHostKey(key)
		if i < len(certificates) {
			c.AddHostKey(certify(key, certificates[i]))
		}
	}
	for _, path := range list(*held) {
		for _, key := range askAgent(path) {
			c.AddHostKey(key)
		}
	}
}

func mirror(channel ssh.Channel) {
	io.Copy(channel, channel)
	io.WriteString(channel.Stderr(), "done\n")
	channel.CloseWrite()
	channel.SendRequest("exit-status", false,
		ssh.Marshal(struct{ Status uint32 }{mirrored}))
	channel.Close()
}

func serve(socket net.Conn, c *ssh.ServerConfig) {
	defer socket.Close()
	_, opens, requests, err := ssh.NewServerConn(socket, c)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for open := range opens {
		if open.ChannelType() != "session" {
			open.Reject(ssh.UnknownChannelType, "no")
			continue
		}
		channel, asked, err := open.Accept()
		check(err)
		go func() {
			for request := range asked {
				request.Reply(request.Type == "exec", nil)
				if request.Type == "exec" {
					go mirror(channel)
				}
			}
		}()
	}
}

func runServer() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+*port)
	check(err)
	c := serverConfig()
	for {
		socket, err := listener.Accept()
		check(err)
		go serve(socket, c)
	}
}

func main() {
	if len(os.Args) < 2 {
		check(errors.New("client or server?"))
	}
	check(flag.CommandLine.Parse(os.Args[2:]))
	if os.Args[1] == "server" {
		runServer()
	} else {
		runClient(flag.Arg(0))
	}
}
