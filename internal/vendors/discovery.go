package vendor

import "fmt"

// Subscribe is the SUBSCRIBE of RFC 6080 in its plainest form, as Discovery has it,
// for phones of which no capture is known. user is the user part of the address that
// the phone asks as, "MAC%3a001565aabbcc".
func Subscribe(user, userAgent, vendor, model, version string) string {
	return fmt.Sprintf(plainSubscribe, user, userAgent, vendor, model, version)
}

const plainSubscribe = `SUBSCRIBE sip:%[1]s@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};branch={branch};rport
From: <sip:%[1]s@224.0.1.75>;tag={tag}
To: <sip:%[1]s@224.0.1.75>
Call-ID: {call}
CSeq: 1 SUBSCRIBE
Contact: <sip:%[1]s@{ip}:{port}>
Max-Forwards: 70
User-Agent: %[2]s
Expires: 0
Event: ua-profile;profile-type="device";vendor="%[3]s";model="%[4]s";version="%[5]s"
Accept: application/url
Content-Length: 0

`
