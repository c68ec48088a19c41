package xmlfile

import (
	"strings"
	"testing"
)

// read reads <list version="1"><item>…</item>…</list>.
func read(body string) ([]string, error) {
	w := Walk([]byte(body), "item")
	root, err := w.Root("list")
	if err != nil {
		return nil, w.At("a.xml", err)
	}
	if err := VetVersion(root, "list", "1"); err != nil {
		return nil, w.At("a.xml", err)
	}
	var all []string
	for {
		e, err := w.Element("list")
		if err != nil {
			return nil, w.At("a.xml", err)
		}
		if e == nil {
			break
		}
		text, err := w.Text(e.Name.Local)
		if err != nil {
			return nil, w.At("a.xml", err)
		}
		all = append(all, text)
	}
	if err := w.End("", "list"); err != nil {
		return nil, w.At("a.xml", err)
	}
	return all, nil
}

func TestWalk(t *testing.T) {
	t.Parallel()
	got, err := read("\ufeff<?xml version=\"1.0\"?>\n<!-- x --><list version=\"1\">\n <item>a&lt;<!-- y -->b</item><item/>\n</list>\n")
	if err != nil || strings.Join(got, "|") != "a<b|" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWalkRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                                       "a.xml line 1: the file has no <list>",
		"\n<other/>":                             "a.xml line 2: <other> where <list> is expected",
		`<list/>`:                                `needs version="1"`,
		`<list version="2"/>`:                    "only version 1",
		`<list version="1" x="1"/>`:              "no other attribute",
		`<list version="1">s3cret<item/></list>`: "text outside of a item, in <list>",
		`<list version="1"><item><b/></item></list>`:             "<item> holds more than text",
		`<list version="1"/><list/>`:                             "<list> stands behind </list>",
		`<list version="1"><item>s3cret`:                         "not well-formed",
		`<list version="1"><item>&s3cret;</item></list>`:         "not well-formed",
		`<!DOCTYPE list><list version="1"/>`:                     "a DTD",
		`<?php s3cret?><list version="1"/>`:                      "a processing instruction",
		`<list xmlns="urn:x" version="1"/>`:                      "<list> where <list> is expected",
		"<list version=\"1\"><item>s3cret\x01</item></list>":     "not well-formed",
		"<list version=\"1\"><item>s3cret\xff\xfe</item></list>": "not well-formed",
	} {
		_, err := read(body)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", body, err, want)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for value, refused := range map[string]bool{
		"": false, `a"b'<&>]]>`: false, "Zoë 電話": false, "\xff": true, "a\ufffe": true, "\uffff": true,
	} {
		if got := Refuse(value); (got != "") != refused {
			t.Errorf("%q: %q", value, got)
		}
	}
}
