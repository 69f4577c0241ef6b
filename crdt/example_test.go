package crdt_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/tavle-org/tavle/crdt"
	"github.com/tavle-org/tavle/crdt/id"
)

// Two devices write while they cannot reach each other, and merge after.
func Example() {
	kiosk := crdt.New()
	_, err := kiosk.Change("open the board", func(tx *crdt.Tx) error {
		return tx.Put(crdt.Path{"posts"}, map[string]any{})
	})
	if err != nil {
		log.Fatal(err)
	}

	phone, err := kiosk.Fork("phone of Ane")
	if err != nil {
		log.Fatal(err)
	}
	post := func(d *crdt.Document, key, title string) {
		if _, err := d.Change("post", func(tx *crdt.Tx) error {
			return tx.Put(crdt.Path{"posts", key}, map[string]any{
				"title":  crdt.Text(title),
				"posted": time.Date(2026, 5, 1, 18, 30, 0, 0, time.UTC),
			})
		}); err != nil {
			log.Fatal(err)
		}
	}
	post(kiosk, "p1", "Fællesspisning på fredag")
	post(phone, "p2", "Wie heeft een ladder?")

	// Each side sends what the other's heads do not cover.
	toPhone, toKiosk := kiosk.ChangesSince(phone.Heads()), phone.ChangesSince(kiosk.Heads())
	if err := kiosk.Apply(toKiosk...); err != nil {
		log.Fatal(err)
	}
	if err := phone.Apply(toPhone...); err != nil {
		log.Fatal(err)
	}

	for _, d := range []*crdt.Document{kiosk, phone} {
		one, _ := d.Value("posts", "p1", "title")
		two, _ := d.Value("posts", "p2", "title")
		fmt.Printf("%d heads: %s / %s\n", len(d.Heads()), one, two)
	}
	// Output:
	// 2 heads: Fællesspisning på fredag / Wie heeft een ladder?
	// 2 heads: Fællesspisning på fredag / Wie heeft een ladder?
}

// An error undoes the whole change.
func ExampleDocument_Change() {
	d := crdt.New()
	_, err := d.Change("", func(tx *crdt.Tx) error {
		if err := tx.Put(crdt.Path{"half"}, true); err != nil {
			return err
		}
		return tx.Put(crdt.Path{"posts", "p1", "title"}, crdt.Text("Hello"))
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, crdt.ErrNotFound))
	fmt.Println(d.Value())
	// Output:
	// put /posts/p1/title: /posts: no such value
	// true
	// map[] <nil>
}

func ExampleDocument_Value() {
	d := crdt.New()
	_, err := d.Change("", func(tx *crdt.Tx) error {
		return tx.Put(crdt.Path{"offers"}, []any{
			map[string]any{"what": "a ladder", "days": 3},
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	what, err := d.Value("offers", 0, "what")
	fmt.Printf("%v, %v\n", what, err)
	days, err := d.Value("offers", 0, "days")
	fmt.Printf("%T %v, %v\n", days, days, err)
	_, err = d.Value("offers", 1)
	fmt.Println(err)
	// Output:
	// a ladder, <nil>
	// int64 3, <nil>
	// read /offers/1: index 1 of a list of 1: no such value
}

func ExampleDocument_Decode() {
	d := crdt.New()
	_, err := d.Change("", func(tx *crdt.Tx) error {
		return tx.Put(crdt.Path{"post"}, map[string]any{
			"title":  crdt.Text("Reparationscafé"),
			"thanks": crdt.Counter(2),
			"ends":   time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC),
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	var post struct {
		Title  string    `json:"title"`
		Thanks int       `json:"thanks"`
		Ends   time.Time `json:"ends"`
	}
	if err := d.Decode(crdt.Path{"post"}, &post); err != nil {
		log.Fatal(err)
	}
	fmt.Println(post.Title, post.Thanks, post.Ends.Format(time.DateOnly))
	// Output: Reparationscafé 2 2026-05-31
}

// Concurrent edits of a text are woven together, concurrent increments add up.
func ExampleTx_Splice() {
	one := crdt.New()
	_, err := one.Change("", func(tx *crdt.Tx) error {
		if err := tx.Put(crdt.Path{"note"}, crdt.Text("coffee 🙂")); err != nil {
			return err
		}
		return tx.Put(crdt.Path{"thanks"}, crdt.Counter(0))
	})
	if err != nil {
		log.Fatal(err)
	}
	two, err := one.Fork(id.Actor("two"))
	if err != nil {
		log.Fatal(err)
	}
	edit := func(d *crdt.Document, pos, del int, s string) {
		if _, err := d.Change("", func(tx *crdt.Tx) error {
			if err := tx.Splice(crdt.Path{"note"}, pos, del, s); err != nil {
				return err
			}
			return tx.Increment(crdt.Path{"thanks"}, 1)
		}); err != nil {
			log.Fatal(err)
		}
	}
	edit(one, 0, 0, "free ")
	edit(two, 7, 1, "and cake")
	if err := one.Merge(two); err != nil {
		log.Fatal(err)
	}
	fmt.Println(one.Value())
	// Output: map[note:free coffee and cake thanks:2] <nil>
}

func ExampleLoad() {
	d := crdt.New()
	if _, err := d.Change("", func(tx *crdt.Tx) error {
		return tx.Put(crdt.Path{"name"}, "Beboerhuset")
	}); err != nil {
		log.Fatal(err)
	}
	saved, err := d.Save()
	if err != nil {
		log.Fatal(err)
	}

	again, err := crdt.Load(saved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Value("name"))
	fmt.Println(again.Heads()[0] == d.Heads()[0])

	saved[20] ^= 1
	_, err = crdt.Load(saved)
	fmt.Println(err != nil)
	// Output:
	// Beboerhuset <nil>
	// true
	// true
}
