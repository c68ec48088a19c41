package fleet

import (
	"context"
	"fmt"
	"strings"
)

const maxKeys = 200

// KeyInput is one programmable key.
type KeyInput struct {
	Kind      string // one of KeyKinds; "" for none
	Value     string
	Label     string
	FirstName string
	LastName  string
}

// BLFInput is one programmable key as the clients of the API we keep compatible
// with set it.
type BLFInput struct {
	Key       string // BLF, LINE, SPEED_DIAL, …; "" for none
	Value     string
	FirstName string
	LastName  string
}

// readKeys puts the keys into u, from whichever of the two fields they are in.
func (in UserInput) readKeys(ctx context.Context, r Reader, v *form, carried rule[string], u *User) error {
	var keys []KeyInput
	var at string
	var given int
	switch {
	case in.Keys != nil && in.BLFs != nil:
		v.add("/blfs", "are the same keys as in keys; give one of the two")
		return nil
	case in.Keys != nil:
		keys, at, given = *in.Keys, "/keys", len(*in.Keys)
	case in.BLFs != nil:
		at, given = "/blfs", len(*in.BLFs)
	default:
		return nil
	}
	if given > maxKeys {
		v.add(at, "has %d keys; at most %d are allowed", given, maxKeys)
		return nil
	}
	if in.BLFs != nil {
		keys = readBLFs(v, *in.BLFs)
	}
	u.Keys = make([]Key, len(keys))
	for i, k := range keys {
		var err error
		if u.Keys[i], err = k.read(ctx, r, v, fmt.Sprintf("%s/%d", at, i), carried, u); err != nil {
			return err
		}
	}
	return nil
}

// readBLFs translates the vendor's names of what keys do.
func readBLFs(v *form, in []BLFInput) []KeyInput {
	out := make([]KeyInput, len(in))
	for i, b := range in {
		k := KeyInput{Value: b.Value, FirstName: b.FirstName, LastName: b.LastName}
		switch strings.NewReplacer(" ", "", "_", "").Replace(strings.ToUpper(b.Key)) {
		case "", "NONE":
			k.Kind = string(KeyNone)
		case "BLF":
			k.Kind = string(KeyBLF)
		case "LINE":
			k.Kind = string(KeyLine)
		case "SPEEDDIAL", "CUSTOMSPEEDDIAL":
			k.Kind = string(KeySpeedDial)
		case "PARK", "VISUALPARK":
			k.Kind = string(KeyPark)
		case "DTMF":
			k.Kind = string(KeyDTMF)
		case "URL":
			k.Kind = string(KeyURL)
		default:
			k.Value = "" // judged by no kind
			v.add(fmt.Sprintf("/blfs/%d/key", i), "must be one of BLF, LINE, SPEED_DIAL, CUSTOM_SPEED_DIAL, PARK, VISUAL_PARK, DTMF, URL, NONE")
		}
		out[i] = k
	}
	return out
}

func (in KeyInput) read(ctx context.Context, r Reader, v *form, at string, carried rule[string], u *User) (Key, error) {
	k := Key{Kind: KeyKind(in.Kind)}
	if in.Kind == "" {
		k.Kind = KeyNone
	}
	var value rule[string]
	switch k.Kind {
	case KeyNone:
		value = func(s string) string {
			if s != "" {
				return "must be empty for a key that does nothing"
			}
			return ""
		}
	case KeyLine:
		value = blankOr(extensionNumber)
	case KeyBLF, KeySpeedDial, KeyPark:
		value = dialled
	case KeyDTMF:
		value = tones
	case KeyURL:
		value = webAddress
	default:
		v.add(at+"/kind", "must be %s", anyOf(KeyKinds))
		value = text(0, 256)
	}
	set(v, at+"/value", &in.Value, &k.Value, all(value, carried))
	if k.Kind == KeyLine && k.Value != "" && k.Value != u.ExtensionNumber {
		switch other, err := r.UserByExtension(ctx, u.Tenant, k.Value); {
		case CodeOf(err) == CodeNotFound:
			v.add(at+"/value", "there is no extension %s that the line could register", k.Value)
		case err != nil:
			return Key{}, err
		default:
			if what, wrong := other.breaks(carried); wrong != "" {
				v.add(at+"/value", "the %s of extension %s %s", what, k.Value, wrong)
			}
		}
	}
	label := all(text(0, 256), carried)
	set(v, at+"/label", &in.Label, &k.Label, label)
	set(v, at+"/first_name", &in.FirstName, &k.FirstName, label)
	set(v, at+"/last_name", &in.LastName, &k.LastName, label)
	return k, nil
}
