package rights

// Action is what a change does to an entry of a board.
type Action uint8

const (
	Post         Action = iota + 1 // make a post
	PostForOther                   // make a post for a neighbour who is not online (with proxy)
	EditPost                       // change what a post says
	EditAsHelper                   // change title, body, when, place or helpersWanted of a post as one of its accepted helpers
	Reply                          // reply to a post
	EditReply                      // change what a reply says
	Offer                          // offer help
	EditOffer                      // change an offer or withdraw it
	AnswerOffer                    // accept or decline an offer to the post
	ClosePost                      // close the post or open it again
	Support                        // say "me too", or take it back
	SetIdea                        // say what becomes of an idea
	Propose                        // propose terms of an arrangement
	Agree                          // say yes to terms
	HandOver                       // offer the post to the neighbour for whom it was written
	Claim                          // take a post over with the secret of its hand-over
	Moderate                       // record an act of moderation
	EditBoard                      // change the board document
	actionEnd
)

// Relation is how who acts stands to the entry: to the post, for EditReply and
// EditOffer to the reply or offer, and for Moderate to what the record is about.
type Relation uint8

const (
	Own   Relation = iota // made by the member, or handed over to it
	Proxy                 // made by somebody else for a neighbour, and not handed over
	Kiosk                 // made at a kiosk, and not handed over
	Other                 // somebody else's
	relations
)

var actionNames = [actionEnd]string{
	Post: "post", PostForOther: "postForOther", EditPost: "editPost", EditAsHelper: "editAsHelper", Reply: "reply", EditReply: "editReply",
	Offer: "offer", EditOffer: "editOffer", AnswerOffer: "answerOffer", ClosePost: "closePost", Support: "support", SetIdea: "setIdea",
	Propose: "propose", Agree: "agree", HandOver: "handOver", Claim: "claim", Moderate: "moderate", EditBoard: "editBoard",
}

// String returns the name of the action.
func (a Action) String() string {
	if a == 0 || a >= actionEnd {
		return "none"
	}
	return actionNames[a]
}

var relationNames = [relations]string{Own: "own", Proxy: "for a neighbour", Kiosk: "of a kiosk", Other: "another's"}

// String returns the name of the relation.
func (r Relation) String() string {
	if r >= relations {
		return "none"
	}
	return relationNames[r]
}

// Allowed tells whether one of the roles may do this to an entry that stands so
// to who does it. EditAsHelper counts for accepted helpers of the post only.
func Allowed(roles Roles, a Action, r Relation) bool {
	return a < actionEnd && r < relations && table[a][r].Any(roles)
}

// Rule is one row of the table: the roles that may, for each relation.
type Rule struct {
	Action Action
	May    [relations]Roles
}

// Table returns who may do what, a row for each action.
func Table() []Rule {
	rules := make([]Rule, 0, actionEnd-1)
	for a := Post; a < actionEnd; a++ {
		rules = append(rules, Rule{a, table[a]})
	}
	return rules
}

// Groups of roles that the table speaks of.
const (
	matchmakers Roles = 1 << Matchmaker
	desk              = matchmakers | 1<<Connector // those who sit at a desk for others
	stewards    Roles = 1<<Owner | 1<<Deputy
	moderators        = stewards | 1<<Moderator
	members           = desk | moderators | 1<<Resident | 1<<Ambassador // people who belong here
	writers           = members | 1<<Visitor
)

// table is the law. A visitor at a kiosk makes entries and changes none: the next
// person at the kiosk is somebody else. What was written at a kiosk, or for a
// neighbour, others look after until it is handed over. Nobody moderates what is
// their own: otherwise they could restore what another moderator removed.
var table = [actionEnd][relations]Roles{
	Post:         always(writers),
	PostForOther: always(desk),
	EditPost:     {Own: members, Proxy: matchmakers, Kiosk: desk},
	EditAsHelper: always(members),
	Reply:        always(writers),
	EditReply:    {Own: members},
	Offer:        always(writers),
	EditOffer:    {Own: members},
	AnswerOffer:  {Own: members, Proxy: matchmakers, Kiosk: desk},
	ClosePost:    {Own: members, Proxy: matchmakers, Kiosk: desk, Other: matchmakers},
	Support:      always(writers),
	SetIdea:      always(stewards),
	Propose:      always(writers),
	Agree:        always(writers),
	HandOver:     {Own: members},
	Claim:        always(members),
	Moderate:     {Proxy: moderators, Kiosk: moderators, Other: moderators},
	EditBoard:    always(stewards),
}

func always(r Roles) [relations]Roles { return [relations]Roles{Own: r, Proxy: r, Kiosk: r, Other: r} }
