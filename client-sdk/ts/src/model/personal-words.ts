// Words of which findPersonalData gives a hint, folded; a star stands for any ending. Danish, Dutch and English together. The same lists are
// in crdt/board, and crdt/testdata/board/personal.json pins them.

const wordList = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

export const healthWords = wordList(`
  syg syge sygdom* sygehus* sygemeld* hospital* diagnos* depressi* deprim* depressed angst angsten angstanfald* adhd
  autis* demens* dement* alzheimer* kraeft kraeften kraeftsyg* cancer* diabet* sukkersyge* epileps* apopleksi* blodprop*
  hjerteanfald* medicin* antidepress* psykisk* psykiat* psykolog* psykose* skizofren* bipolar* selvmord* misbrug* alkoholi*
  gravid* abort* handicap* kronisk* kroniker* opereret opereres hiv aids sclerose* sklerose* parkinson* gigt astma*
  hjemmepleje* dialyse* stoma kemo* overgreb* voldtaegt* voldtag* traume* ptsd selvskade* spiseforstyr* anoreksi* terapi*

  ziek zieke ziekte* ziekenhuis* angststoornis* dementie* kanker* suikerziekte* beroerte* hartaanval* medicijn* psychisch*
  psychiat* psycholog* psychose* schizofren* zelfmoord* suicid* verslaafd* verslaving* zwanger* miskraam* gehandicapt*
  invalide* chronisch* geopereerd* reuma* chemo* verkracht* misbruikt therap* thuiszorg* burnout overspannen

  ill illness* sick sickness disease* anxiety seizure* stroke medication* medicine* mental psychosis schizophren* addict*
  alcoholi* pregnan* miscarr* disabled disabilit* surgery chronic raped rape asthma arthritis
`)

export const suspicionWords = wordList(`
  mistaenkelig* mistaenkt* lusker luskede lurer indbrud* tyv tyven tyveri* tyveknaegt* narko* pusher* hash
  kriminel* skummel* signalement* ballademager*
  verdacht* inbreker* inbraak* inbrak* dief dieven drugsdealer* gluurder* hasj crimineel* criminel* hangjonge*
  suspicious* suspect suspects burglar* thief thieves prowler* dealer* criminal* vandal* hooligan*
`)

/**
 * How a language describes a person: a word for somebody near one for how they look. Each language for itself: "man" is nobody in Danish.
 */
export const descriptions: Record<string, { who: ReadonlySet<string>; looks: ReadonlySet<string> }> = {
  da: {
    who: wordList("mand manden maend fyr fyren fyre kvinde kvinden kvinder dreng drengen drenge unge"),
    looks: wordList("haettetroeje* haette* hudfarve* udseende* skaeg skaegget tatover* jakke jakken accent* nummerplade*"),
  },
  nl: {
    who: wordList("man mannen vrouw vrouwen jongen jongens jongeren kerel kerels"),
    looks: wordList("capuchon* huidskleur* uiterlijk* baard* getatoeeerd* tatoeage* jas accent* kenteken*"),
  },
  en: {
    who: wordList("man men guy guys woman women boy boys youth youths teenager*"),
    looks: wordList("hood hoodie* hooded beard* tattoo* skin jacket accent* numberplate*"),
  },
}

/** How many words from the one to the other. */
export const descriptionWords = 12
