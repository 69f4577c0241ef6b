package rights

// Action is what a change does to an entry of a board.
type Action uint8

const (
	Post         Action = iota + 1 // make a post
	PostForOther                   // make a post for a neighbour who is not online (with proxy)
	EditPost                       // change what a post says
	EditShared                     // change title, body, when, place or helpersWanted of a post that its holder shares
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

// Relation is how who acts stands to the entry: to the post, and for EditReply
// and EditOffer to the reply or offer.
type Relation uint8

const (
	Own   Relation = iota // made by the member, or handed over to it
	Proxy                 // made by somebody else for a neighbour, and not handed over
	Kiosk                 // made at a kiosk, and not handed over
	Other                 // somebody else's
	relations
)
