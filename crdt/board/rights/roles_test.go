package rights

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write syncd/docs/roles.md")

var inWords = map[Action]string{
	Post: "make a post", PostForOther: "make a post for a neighbour who is not online (`proxy`)", EditPost: "change what a post says",
	EditAsHelper: "change title, body, when, place and helpers wanted of a post as its accepted helper", Reply: "reply to a post",
	EditReply: "change a reply", Offer: "offer help", EditOffer: "change or withdraw an offer", AnswerOffer: "accept or decline an offer to a post",
	ClosePost: "close a post, open it again", Support: "say \"me too\", take it back", SetIdea: "say what becomes of an idea",
	Propose: "propose terms of an arrangement", Agree: "agree to terms", HandOver: "offer a post to the neighbour for whom it was written",
	Claim: "take a post over with the secret of its hand-over", Moderate: "hide, remove, restore and label", EditBoard: "change the board: name, house rules, categories, contacts, settings",
}

var rolesInWords = map[Role]string{
	Visitor:    "whoever stands at a kiosk, without an account. Makes entries and changes none: the next person there is somebody else",
	Resident:   "lives here",
	Connector:  "a volunteer who writes for neighbours who have no device, and helps those who posted at a kiosk",
	Matchmaker: "brings those who ask and those who can help together; looks after posts of the kiosk and of all volunteers",
	Moderator:  "hides and removes by the house rules, and restores",
	Ambassador: "invites neighbours; writes as a resident does",
	Owner:      "is responsible for the board: members, devices, settings",
	Deputy:     "stands in for the owner, with the same rights",
	Observer:   "a municipality or a funder: sees numbers, no posts",
}

const rolesHead = `# Roles, and what they may do

This page is written by a test from the table in ` + "`crdt/board/rights`" + `, which the server asks about every change. To write it anew:
` + "`go test ./crdt/board/rights -run RolesDocument -update`" + `.

A member has roles on a board, each with a beginning and an end; what any of them allows is allowed. The server reads the operations of a change
and not what the change says about itself: a program that was tampered with can do no more than its member may.

| role | who |
|---|---|
`

const tableHead = `
The operator runs the server and is no role on a board: reading and writing posts takes a role here like anybody else's.

## The table

A post is *one's own* for who made it, or took it over with the secret on the neighbour's slip. Until then a post *for a neighbour* is looked after by
matchmakers too, and a post *of a kiosk* by connectors and matchmakers, at the desk, by its code. A reply and an offer are their maker's alone.

An *accepted helper* is a member whose offer to the post was accepted, and not declined, withdrawn or removed since. An answer to one's own offer makes no helper.

*all* are visitor, resident, connector, matchmaker, moderator, ambassador, owner and deputy; *members* are all but visitors.

`

const tableFoot = `
## What nobody does

- Delete a post, a reply, an offer or a record, or put another one under its id. A post is closed by who has it, and hidden or removed by moderators.
- Change who made an entry, when, and for whom; or sign with somebody else's reference. A reference is the member's, or the member's with that of a visit to a
  kiosk behind it. Among who supports an idea a member stands once; only at a kiosk there is somebody else at each visit.
- Change an answer, a closing, terms, an agreement, a hand-over or a record of moderation once it is made; a closing is taken back with ` + "`reopened`" + `.
- Moderate what is their own: a moderator neither hides nor restores their own post, reply or offer.
- Write with the actor of another device.
- Write the first change of a document in other words, or what it wrote.
- Write an identity number (CPR, BSN) anywhere, or a telephone number or mail address into a post for a neighbour.
- Write more than the limits of ` + "`crdt/board/SCHEMA.md`" + `: ten times the limit of a text over its whole life, and in one change the limit itself.

What the author of an idea says about its status is that it is new; the rest is for owners and deputies. Fields that this version does not know are
allowed in one's own entries, and nowhere else.

## When two do not know of each other

The server decides by what it has accepted when a change arrives. A volunteer's edit that arrives after the neighbour took the post over is refused, even if the
volunteer's device had not heard of it; so is an edit by a helper who was declined meanwhile. Their device says so, and asks what to do.

## Reasons of a refusal

The code stands in the error that the device gets, in the log and in the counters, never with what was written.

| | code | what people read |
|---|---|---|
`

func rolesDocument() string {
	var b strings.Builder
	b.WriteString(rolesHead)
	for _, r := range AllRoles() {
		fmt.Fprintf(&b, "| `%v` | %s |\n", r, rolesInWords[r])
	}
	b.WriteString(tableHead)
	fmt.Fprintf(&b, "| to |")
	for r := Own; r < relations; r++ {
		fmt.Fprintf(&b, " %v |", r)
	}
	b.WriteString("\n|" + strings.Repeat("---|", int(relations)+1) + "\n")
	for _, rule := range Table() {
		fmt.Fprintf(&b, "| %s |", inWords[rule.Action])
		for _, roles := range rule.May {
			fmt.Fprintf(&b, " %s |", group(roles))
		}
		b.WriteString("\n")
	}
	b.WriteString(tableFoot)
	for _, r := range AllReasons() {
		fmt.Fprintf(&b, "| %d | `%v` | %s |\n", r, r, r.Sentence("en"))
	}
	return b.String()
}

func group(r Roles) string {
	switch r {
	case 0:
		return "–"
	case writers:
		return "all"
	case members:
		return "members"
	}
	return strings.ReplaceAll(r.String(), ",", ", ")
}

func TestRolesDocument(t *testing.T) {
	name := filepath.Join("..", "..", "..", "syncd", "docs", "roles.md")
	want := rolesDocument()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the table says: run this test with -update, and read the difference", name)
	}
	for _, rule := range Table() {
		if inWords[rule.Action] == "" {
			t.Errorf("there are no words for %v", rule.Action)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, r := range AllRoles() {
		if got, err := ParseRole(r.String()); err != nil || got != r {
			t.Errorf("%v is read as %v: %v", r, got, err)
		}
	}
	for _, s := range []string{"", "none", "operator", "Owner", "owner "} {
		if r, err := ParseRole(s); err == nil {
			t.Errorf("%q is read as %v", s, r)
		}
	}
	if got := RolesOf(Owner, Resident).String(); got != "resident,owner" {
		t.Errorf("the set is %q", got)
	}
}

// Each reason has a code of its own and a sentence in each language.
func TestReasons(t *testing.T) {
	codes, sentences := map[string]bool{}, map[string]bool{}
	for _, r := range AllReasons() {
		if codes[r.String()] || r.String() == "" || strings.Trim(r.String(), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("reason %d has the code %q", r, r)
		}
		codes[r.String()] = true
		for _, lang := range []string{"da", "nl", "en"} {
			s := r.Sentence(lang)
			if sentences[s] || len(s) < 20 || !strings.HasSuffix(s, ".") {
				t.Errorf("%v in %s: %q", r, lang, s)
			}
			sentences[s] = true
		}
	}
	if Reason(0).String() != "unknown" || Reason(60000).Sentence("da") == "" || reasonEnd != 20 {
		t.Error("a new reason goes to the end, and its number is written here")
	}
}
