package api

import (
	"net/url"
	"strconv"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// auditPage is how many entries of the audit log are answered unless it is said.
const auditPage = 50

// AuditEntry is one act: who changed who may do what.
type AuditEntry struct {
	N            uint64   `json:"n"`
	At           Millis   `json:"at"`
	By           string   `json:"by"`
	ByLabel      string   `json:"byLabel,omitzero"` // as owners call the member now
	Act          string   `json:"act"`
	Boards       []string `json:"boards,omitempty"` // only for the operator
	Subject      string   `json:"subject,omitzero"`
	SubjectLabel string   `json:"subjectLabel,omitzero"`
	Object       string   `json:"object,omitzero"`
	Roles        []string `json:"roles,omitempty"`
	Count        int      `json:"count,omitzero"`
}

// AuditPage is a part of the audit log, the latest first.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    uint64       `json:"next,omitzero"` // there may be more before it
}

func auditOf(c *call, board id.Document) (any, error) { return c.audit(board) }

func auditAll(c *call) (any, error) { return c.audit(id.Document{}) }

// audit answers a page; of a zero board that of all.
func (c *call) audit(board id.Document) (any, error) {
	query := c.r.URL.Query()
	before, err := number(query, "before", 0)
	if err != nil {
		return nil, err
	}
	limit, err := number(query, "limit", auditPage)
	if err != nil {
		return nil, err
	}
	entries, next, err := c.Registry.Audit(board, before, int(min(limit, registry.AuditPageMax)))
	if err != nil {
		return nil, err
	}
	page := AuditPage{[]AuditEntry{}, next}
	for _, e := range entries {
		page.Entries = append(page.Entries, c.viewEntry(e))
	}
	return page, nil
}

func (c *call) viewEntry(e registry.Entry) AuditEntry {
	by, _ := c.Registry.Member(e.By)
	subject, _ := c.Registry.Member(e.Subject)
	v := AuditEntry{N: e.N, At: millis(e.At), By: e.By, ByLabel: by.Label, Act: string(e.Act),
		Subject: e.Subject, SubjectLabel: subject.Label, Object: e.Object, Count: e.Count}
	for _, role := range e.Roles.List() {
		v.Roles = append(v.Roles, role.String())
	}
	if c.principal == nil {
		for _, b := range e.Boards {
			v.Boards = append(v.Boards, b.String())
		}
	}
	return v
}

// number reads a number that is not negative from the query.
func number(query url.Values, name string, otherwise uint64) (uint64, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, errBody
	}
	return n, nil
}
