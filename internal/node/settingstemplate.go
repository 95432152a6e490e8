package node

import (
	"fmt"
	"strconv"
	"strings"
)

// template is the settings file that init writes, with every key explained; %…% are filled in. A test loads it and compares its keys with
// settingRules.
const template = `# Settings of a Visavis node. A key that is not named here, or a value that is not allowed, stops the node with the line that is wrong.
# Relative paths begin at the directory of this file. A change takes effect at the next start.

# The party that this node serves: the id in its party document.
party = %party%

# Directory of what the node itself writes: meetings, invitations, logs. One node at a time; nobody else may read it.
data = %data%

# Directory of node.key, log.key and party.document. The keys of the party root, of readouts and of the record are not here: they are kept offline.
keys = %keys%

[web]
# TCP address for browsers and, unless [link] says otherwise, for the other parties' nodes. ":443" is all addresses, IPv4 and IPv6.
listen = %listen%
# The host names under which people open the node, exactly as the browser shows them, with the port unless it is 443.
# Requests for any other name are refused. Invitation links use the first one.
hosts = %hosts%
# Where the certificate for browsers comes from: "acme" (fetched and renewed by itself), "files" (cert and key below, taken up again
# when they change), "off" (plain HTTP: only on a loopback address and with the flag --insecure-localhost). The link needs none.
tls = %tls%
# With "files": PEM files of the certificate (with its chain) and of its key.
cert = %cert%
key = %key%

[web.acme]
# With "acme": the authority's directory, and an address to which it writes before something expires ("" for none).
directory = %directory%
email = %email%

[udp]
# The one UDP port of all sound and pictures, of browsers and other nodes. "::" is all addresses, IPv4 and IPv6; "0.0.0.0" IPv4 alone.
listen = %udp%
port = %port%
# Behind one-to-one NAT: the addresses under which the others reach the port, as in ["203.0.113.5"]. Empty: those of the machine itself.
advertise = %advertise%

[link]
# TCP address for the other parties' nodes, if it is to be another than that of web; "" is the same port.
listen = %link%
# Whether the other nodes may be at private, link-local or loopback addresses: true only in closed networks and tests.
allow_private = %private%

[media.camera]
# What members' browsers ask of their cameras: pixels, pictures a second. 1280 by 720 at 25 takes about 2 Mbit/s a picture.
width = %width%
height = %height%
fps = %fps%

[public]
# Directory into which this node puts readouts when they are published, for the public site (visavis site), a process of its own that only reads it.
# "" publishes nothing from here. Nothing lies there before its embargo ends.
store = %public%
# Address of that site, base in its own settings: officers are given links to what is published. "" gives none.
base = %base%

[log]
# How much the node writes to standard error, as JSON lines: "debug", "info", "warn" or "error".
level = %level%
`

// file renders settings as a file with comments. Paths are written as they are in s.
func (s Settings) file() string {
	q := tomlString
	return strings.NewReplacer(
		"%party%", q(string(s.Party)), "%data%", q(s.Data), "%keys%", q(s.Keys),
		"%listen%", q(s.Web.Listen), "%hosts%", tomlStrings(s.Web.Hosts), "%tls%", q(s.Web.TLS), "%cert%", q(s.Web.Cert), "%key%", q(s.Web.Key),
		"%directory%", q(s.Web.ACME.Directory), "%email%", q(s.Web.ACME.Email),
		"%udp%", q(s.UDP.Listen.String()), "%port%", strconv.Itoa(int(s.UDP.Port)), "%advertise%", tomlStrings(s.UDP.Advertise),
		"%link%", q(s.Link.Listen), "%private%", strconv.FormatBool(s.Link.AllowPrivate),
		"%width%", strconv.Itoa(s.Media.Camera.Width), "%height%", strconv.Itoa(s.Media.Camera.Height), "%fps%", strconv.Itoa(s.Media.Camera.FPS),
		"%public%", q(s.Public.Store), "%base%", q(s.Public.Base),
		"%level%", q(strings.ToLower(s.Log.Level.String())),
	).Replace(template)
}

// tomlString is a basic string of TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func tomlStrings(ss []string) string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = tomlString(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
