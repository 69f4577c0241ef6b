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
  mistaenkelig* mistaenkt* lusker luskede indbrudstyv* tyveknaegt* narkohandler* pusher*
  verdacht* inbreker* drugsdealer* gluurder*
  suspicious* burglar* thief thieves prowler*
`)
