package board

import "strings"

// Words of which FindPersonal gives a hint, folded; a star stands for any ending.
// Danish, Dutch and English together: what is delicate in one is seldom harmless
// in another. Food, walking and seeing are left out, since neighbours write of
// them every day.
var (
	healthWords = wordList(`
		syg syge sygdom* sygehus* sygemeld* hospital* diagnos* depressi* deprim* depressed angst angsten angstanfald* adhd
		autis* demens* dement* alzheimer* kraeft kraeften kraeftsyg* cancer* diabet* sukkersyge* epileps* apopleksi* blodprop*
		hjerteanfald* medicin* antidepress* psykisk* psykiat* psykolog* psykose* skizofren* bipolar* selvmord* misbrug* alkoholi*
		gravid* abort* handicap* kronisk* kroniker* opereret opereres hiv aids sclerose* sklerose* parkinson* gigt astma*
		hjemmepleje* dialyse* stoma kemo* overgreb* voldtaegt* voldtag* traume* ptsd selvskade* spiseforstyr* anoreksi* terapi*

		ziek zieke ziekte* ziekenhuis* angststoornis* dementie* kanker* suikerziekte* beroerte* hartaanval* medicijn* psychisch*
		psychiat* psycholog* psychose* schizofren* zelfmoord* suicid* verslaafd* verslaving* zwanger* miskraam* gehandicapt*
		invalide* chronisch* geopereerd* reuma* chemo* verkracht* misbruikt therap* thuiszorg* burnout overspannen

		ill illness* sick sickness disease* anxiety seizure* stroke medication* medicine* mental psychosis schizophren* addict*
		alcoholi* pregnan* miscarr* disabled disabilit* surgery chronic raped rape asthma arthritis`)

	suspicionWords = wordList(`
		mistaenkelig* mistaenkt* lusker luskede lurer indbrud* tyv tyven tyveri* tyveknaegt* narko* pusher* hash
		kriminel* skummel* signalement* ballademager*
		verdacht* inbreker* inbraak* inbrak* dief dieven drugsdealer* gluurder* hasj crimineel* criminel* hangjonge*
		suspicious* suspect suspects burglar* thief thieves prowler* dealer* criminal* vandal* hooligan*`)
)

// description is how a language describes a person: a word for somebody near one
// for how they look. Each language for itself: "man" is nobody in Danish.
type description struct{ who, looks map[string]bool }

// descriptionWords is how many words from the one to the other.
const descriptionWords = 12

var descriptions = map[string]description{
	"da": {
		wordList(`mand manden maend fyr fyren fyre kvinde kvinden kvinder dreng drengen drenge unge`),
		wordList(`haettetroeje* haette* hudfarve* udseende* skaeg skaegget tatover* jakke jakken accent* nummerplade*`),
	},
	"nl": {
		wordList(`man mannen vrouw vrouwen jongen jongens jongeren kerel kerels`),
		wordList(`capuchon* huidskleur* uiterlijk* baard* getatoeeerd* tatoeage* jas accent* kenteken*`),
	},
	"en": {
		wordList(`man men guy guys woman women boy boys youth youths teenager*`),
		wordList(`hood hoodie* hooded beard* tattoo* skin jacket accent* numberplate*`),
	},
}

func wordList(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}
