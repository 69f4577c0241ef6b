package board

// The structs below are what is read from documents. Names, types and meanings
// are those of SCHEMA.md; a field that is not there is the zero value of its
// type, unless a comment says otherwise. Timestamps are milliseconds since 1970.

// Board is what owners say about their board.
type Board struct {
	Title      string            `json:"title,omitempty"`
	About      string            `json:"about,omitempty"`
	Languages  []string          `json:"languages,omitempty"`
	TimeZone   string            `json:"timeZone,omitempty"` // Europe/Copenhagen when not there
	Place      string            `json:"place,omitempty"`
	Controller string            `json:"controller,omitempty"`
	Demo       bool              `json:"demo,omitempty"`
	Categories []Category        `json:"categories,omitempty"` // by order, then id
	HouseRules map[string]string `json:"houseRules,omitempty"` // by language
	Contacts   []Contact         `json:"contacts,omitempty"`   // by order, then id
	Pinned     []ID              `json:"pinned,omitempty"`
	Settings   Settings          `json:"settings"`
	Concurrent Concurrent        `json:"concurrent,omitempty"`
}

// Settings are the numbers that an owner may change.
type Settings struct {
	OpenDays        int64 `json:"openDays"`        // 30 when not there
	ClosedDays      int64 `json:"closedDays"`      // 90 when not there
	UnansweredHours int64 `json:"unansweredHours"` // 48 when not there
}

// Category is a local category, besides the kinds.
type Category struct {
	ID         ID                `json:"id"`
	Label      map[string]string `json:"label,omitempty"` // by language
	Icon       string            `json:"icon,omitempty"`
	Order      int64             `json:"order,omitempty"`
	Hidden     bool              `json:"hidden,omitempty"`
	Concurrent Concurrent        `json:"concurrent,omitempty"`
}

// Contact is a card of an office, never of a private person.
type Contact struct {
	ID         ID         `json:"id"`
	Name       string     `json:"name,omitempty"`
	Phone      string     `json:"phone,omitempty"`
	Hours      string     `json:"hours,omitempty"`
	Note       string     `json:"note,omitempty"`
	Order      int64      `json:"order,omitempty"`
	Concurrent Concurrent `json:"concurrent,omitempty"`
}

// Page is the posts of a month.
type Page struct {
	Board      string   `json:"board"` // the board's document id
	Month      string   `json:"month"`
	Epoch      int64    `json:"epoch"`
	Posts      []Post   `json:"posts"`                // as lists are ordered
	Moderation []Record `json:"moderation,omitempty"` // the earliest first
}

// Post is a post with all that was written to it.
type Post struct {
	ID            ID         `json:"id"`
	Kind          string     `json:"kind,omitempty"`
	Title         string     `json:"title,omitempty"`
	Body          string     `json:"body,omitempty"`
	Lang          string     `json:"lang,omitempty"`
	Author        string     `json:"author,omitempty"`
	CreatedBy     string     `json:"createdBy,omitempty"`
	CreatedAt     Time       `json:"createdAt"`
	ClientTime    int64      `json:"clientTime,omitempty"`
	Origin        string     `json:"origin,omitempty"`
	Place         string     `json:"place,omitempty"`
	When          When       `json:"when,omitzero"`
	Urgency       string     `json:"urgency,omitempty"`
	Item          Item       `json:"item,omitzero"`
	Lost          string     `json:"lost,omitempty"`
	HelpersWanted int64      `json:"helpersWanted"` // 1 when not there
	Tags          []string   `json:"tags,omitempty"`
	Categories    []string   `json:"categories,omitempty"`
	ExpiresOn     int64      `json:"expiresOn,omitempty"`
	Proxy         *Proxy     `json:"proxy,omitempty"`
	Replies       []Reply    `json:"replies,omitempty"`  // the oldest first
	Offers        []Offer    `json:"offers,omitempty"`   // the oldest first
	Closings      []Closing  `json:"closings,omitempty"` // the earliest first
	Supports      []string   `json:"supports,omitempty"`
	Idea          Idea       `json:"idea,omitzero"`
	Terms         []Terms    `json:"terms,omitempty"`     // the earliest first
	Acks          []Ack      `json:"acks,omitempty"`      // the earliest first
	Handovers     []Handover `json:"handovers,omitempty"` // the earliest first
	Concurrent    Concurrent `json:"concurrent,omitempty"`
}

// When is the time of an event or of an arrangement.
type When struct {
	Start  int64  `json:"start,omitempty"`
	End    int64  `json:"end,omitempty"`
	Repeat string `json:"repeat,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Item is what an item is there for.
type Item struct {
	Action string `json:"action,omitempty"`
}

// Proxy says how a post for a neighbour who is not online came about; never who
// the neighbour is.
type Proxy struct {
	Kind           string `json:"kind,omitempty"`
	Permission     string `json:"permission,omitempty"`
	PermittedAt    int64  `json:"permittedAt,omitempty"`
	PermittedUntil int64  `json:"permittedUntil,omitempty"`
	CallBackBy     string `json:"callBackBy,omitempty"`
	Connector      string `json:"connector,omitempty"`
}

// Reply is a reply to a post.
type Reply struct {
	ID         ID         `json:"id"`
	Body       string     `json:"body,omitempty"`
	Author     string     `json:"author,omitempty"`
	CreatedBy  string     `json:"createdBy,omitempty"`
	CreatedAt  Time       `json:"createdAt"`
	Lang       string     `json:"lang,omitempty"`
	Concurrent Concurrent `json:"concurrent,omitempty"`
}

// Offer is an "I can help".
type Offer struct {
	ID         ID         `json:"id"`
	Author     string     `json:"author,omitempty"`
	CreatedBy  string     `json:"createdBy,omitempty"`
	Message    string     `json:"message,omitempty"`
	CreatedAt  Time       `json:"createdAt"`
	Withdrawn  bool       `json:"withdrawn,omitempty"`
	Answers    []Answer   `json:"answers,omitempty"` // the earliest first
	Concurrent Concurrent `json:"concurrent,omitempty"`
}

// Answer accepts or declines an offer.
type Answer struct {
	ID        ID     `json:"id"`
	Made      OpID   `json:"-"`
	Answer    string `json:"answer,omitempty"`
	By        string `json:"by,omitempty"`
	CreatedAt Time   `json:"createdAt"`
}

// Closing closes a post, unless it was reopened.
type Closing struct {
	ID        ID     `json:"id"`
	Made      OpID   `json:"-"`
	Outcome   string `json:"outcome,omitempty"`
	By        string `json:"by,omitempty"`
	CreatedAt Time   `json:"createdAt"`
	Reopened  bool   `json:"reopened,omitempty"`
}

// Idea is what the owner says to an idea.
type Idea struct {
	Status string `json:"status,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Terms are what one party of an arrangement proposes.
type Terms struct {
	ID        ID       `json:"id"`
	Made      OpID     `json:"-"`
	Party     string   `json:"party,omitempty"`
	Task      string   `json:"task,omitempty"`
	Place     string   `json:"place,omitempty"`
	Repeat    string   `json:"repeat,omitempty"`
	Start     int64    `json:"start,omitempty"`
	CreatedAt Time     `json:"createdAt"`
	Replaces  []string `json:"replaces,omitempty"`
}

// Ack is a party's yes to terms.
type Ack struct {
	ID        ID     `json:"id"`
	Made      OpID   `json:"-"`
	Party     string `json:"party,omitempty"`
	Terms     ID     `json:"terms,omitempty"`
	CreatedAt Time   `json:"createdAt"`
}

// Handover offers a post to the neighbour for whom it was written.
type Handover struct {
	ID         ID      `json:"id"`
	Made       OpID    `json:"-"`
	SecretHash string  `json:"secretHash,omitempty"`
	By         string  `json:"by,omitempty"`
	CreatedAt  Time    `json:"createdAt"`
	Claims     []Claim `json:"claims,omitempty"` // the earliest first
}

// Claim takes a post over, if its secret is that of the hand-over.
type Claim struct {
	ID        ID     `json:"id"`
	Made      OpID   `json:"-"`
	Secret    string `json:"secret,omitempty"`
	By        string `json:"by,omitempty"`
	CreatedAt Time   `json:"createdAt"`
}

// Record is an act of moderation.
type Record struct {
	ID        ID       `json:"id"`
	Made      OpID     `json:"-"`
	Target    ID       `json:"target,omitempty"`
	Action    string   `json:"action,omitempty"`
	Rule      string   `json:"rule,omitempty"`
	Facts     string   `json:"facts,omitempty"`
	By        string   `json:"by,omitempty"`
	CreatedAt Time     `json:"createdAt"`
	Restores  []string `json:"restores,omitempty"`
}
