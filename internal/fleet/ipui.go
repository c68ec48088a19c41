package fleet

import (
	"fmt"
	"strconv"
	"strings"
)

// Lengths of an IPEI (EN 300 175-6, annex C): maker, serial number, check digit.
const (
	emcDigits = 5 // EMC, 16 bits
	psnDigits = 7 // PSN, 20 bits
	ipuiHex   = 10
)

// anyHandset is how some bases write that any handset may register.
const anyHandset = "FFFFFFFFFF"

// parseIPUI reads the identity of a handset, as the handset shows it: an IPUI of 10
// hex digits, or an IPEI of 12 decimal digits and a check digit or "*". Blanks and
// hyphens are left out, and letters are in any case. It returns the IPUI with upper-case
// digits, "" for any handset, or what is wrong.
func parseIPUI(s string) (ipui, wrong string) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
	switch {
	case s == "" || s == anyHandset:
		return "", ""
	case len(s) == ipuiHex && made("0123456789ABCDEF", ipuiHex, ipuiHex, "")(s) == "":
		return s, ""
	case len(s) != emcDigits+psnDigits+1 || made("0123456789", 1, emcDigits+psnDigits, "")(s[:len(s)-1]) != "":
		return "", "must be an IPUI of 10 hex digits or an IPEI of 13 digits, as the handset shows it (*#06#), or empty for any handset"
	}
	number := s[:len(s)-1]
	emc, errMaker := strconv.ParseUint(number[:emcDigits], 10, 16)
	psn, errSerial := strconv.ParseUint(number[emcDigits:], 10, 20)
	switch check := ipeiCheck(number); {
	case errMaker != nil || errSerial != nil:
		return "", fmt.Sprintf("is no IPEI: its maker is at most %d and its serial number at most %d", 1<<16-1, 1<<20-1)
	case s[len(s)-1:] != check:
		return "", fmt.Sprintf("is no IPEI: its last digit would be %s; look for a slip in the others", check)
	}
	return fmt.Sprintf("0%04X%05X", emc, psn), ""
}

// IPEI spells an IPUI of type N, which is what handsets come with, as 13 characters:
// 5 decimal digits of its maker, 7 of its serial number, and the check digit. It
// returns "" for any other.
func IPEI(ipui string) string {
	if len(ipui) != ipuiHex || ipui[0] != '0' {
		return ""
	}
	emc, errMaker := strconv.ParseUint(ipui[1:5], 16, 16)
	psn, errSerial := strconv.ParseUint(ipui[5:], 16, 20)
	if errMaker != nil || errSerial != nil {
		return ""
	}
	number := fmt.Sprintf("%0*d%0*d", emcDigits, emc, psnDigits, psn)
	return number + ipeiCheck(number)
}

// ipeiCheck is the check digit of the 12 digits of an IPEI: the sum of each times its
// place from 1, modulo 11, with * for 10.
func ipeiCheck(number string) string {
	sum := 0
	for i := range len(number) {
		sum += (i + 1) * int(number[i]-'0')
	}
	if sum %= 11; sum < 10 {
		return strconv.Itoa(sum)
	}
	return "*"
}
