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
)

const (
	failed   = 255
	mirrored = 7
)

var (
	port     = flag.String("p", "", "port")
	user     = flag.String("u", "", "user")
	keyFile  = flag.String("i", "", "the client's key")
	password = flag.String("w", "", "password")
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

func runClient(command string) {
	method := ssh.Password(*password)
	if *keyFile != "" {
		method = ssh.PublicKeys(readKey(*keyFile))
	}
	client, err := ssh.Dial("tcp", "127.0.0.1:"+*port, &ssh.ClientConfig{
		Config: config(), User: *user, Auth: []ssh.AuthMethod{method},
		HostKeyAlgorithms: list(*hostAlgs),
		HostKeyCallback:   ssh.InsecureIgnoreHostKey()})
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

func isListed(key ssh.PublicKey) bool {
	rest, err := os.ReadFile(*keyLines)
	check(err)
	for len(rest) > 0 {
		var listed ssh.PublicKey
		listed, _, _, rest, err = ssh.ParseAuthorizedKey(rest)
		if err != nil {
			return false
		}
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
	c.PublicKeyCallback = func(who ssh.ConnMetadata, key ssh.PublicKey) (
		*ssh.Permissions, error) {
		return letIn(who.User() == *user && isListed(key))
	}
	for _, path := range list(*hostKeys) {
		c.AddHostKey(readKey(path))
	}
	return c
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
