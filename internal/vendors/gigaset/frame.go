package gigaset

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// symbolName is the grammar of what a base calls its settings:
// BS_Accounts.astAccounts[0].uiSendMask, BS_IP_Data.aucS_TIME_NTP_SERVER[%].
var symbolName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:\[(?:[0-9]+|%)\])?(?:\.[A-Za-z][A-Za-z0-9_]*(?:\[(?:[0-9]+|%)\])?)+$`)

// frame reads
//
//	<ProviderFrame>
//	  <Provider>
//	    <MAC_ADDRESS value="7C2F80123456"/>
//	    <PROFILE_NAME class="string" value="N510"/>
//	    <S_SPECIAL_DATA_SRV class="string" value='"https://…/merkur262_42.bin"'/>
//	    <SYMB_ITEM ID="BS_IP_Data1.uiI_SIP_SERVER_PORT_2" class="symb_item" value="5060"/>
//	  </Provider>
//	</ProviderFrame>
//
// A setting has the name of its element or its ID. Text stands in quotes of its own
// inside of the attribute's, which the setting's value is without.
func (p *parser) frame() error {
	e, err := p.child("the file")
	if err != nil {
		return err
	}
	for _, a := range e.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "noNamespaceSchemaLocation" {
			return fmt.Errorf("<ProviderFrame> has no attribute %s", a.Name.Local)
		}
	}
	providers := 0
	err = p.each("ProviderFrame", func(provider *xml.StartElement) error {
		if providers++; provider.Name.Local != "Provider" || providers > 1 {
			return errors.New("<ProviderFrame> holds one <Provider>")
		}
		if _, err := attributes(provider); err != nil {
			return err
		}
		return p.each("Provider", p.symbol)
	})
	switch {
	case err != nil:
		return err
	case p.config.Get("MAC_ADDRESS") == "":
		return errors.New("the file names no MAC_ADDRESS, without which the base takes nothing from it")
	}
	return p.end("ProviderFrame")
}

// symbol reads a child of <Provider>.
func (p *parser) symbol(e *xml.StartElement) error {
	name := e.Name.Local
	attrs, err := p.leaf(e, name, "ID", "class", "value")
	if err != nil {
		return err
	}
	value, ok := attrs["value"]
	if !ok {
		return fmt.Errorf("<%s> has no value", name)
	}
	id, named := attrs["ID"]
	switch {
	case name == "SYMB_ITEM":
		if name = id; !symbolName.MatchString(id) {
			return errors.New("the ID of a <SYMB_ITEM> is words joined by dots, with a number or % in brackets behind some")
		}
	case named:
		return fmt.Errorf("<%s> has an ID, which only a <SYMB_ITEM> has", name)
	case name == "MAC_ADDRESS" && !macAddress.MatchString(value):
		return errors.New("the value of <MAC_ADDRESS> is 12 hex digits in capitals")
	}
	if text, ok := strings.CutPrefix(value, `"`); ok {
		if value, ok = strings.CutSuffix(text, `"`); !ok {
			return fmt.Errorf("the quotes in the value of %s do not end", name)
		}
	}
	return p.config.Add(name, value)
}

var macAddress = regexp.MustCompile(`^[0-9A-F]{12}$`)
