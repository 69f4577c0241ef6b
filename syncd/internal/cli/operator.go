package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/api/founding"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// operatorCmd is what the commands about members have in common. They ask the
// syncd that runs on the data directory, or do it themselves if none does.
type operatorCmd struct {
	config.Store `embed:""`
	JSON         bool `name:"json" help:"Print JSON, for programs."`
}

// where is the flag that a command needs to work on the same store.
func (c operatorCmd) where() string {
	switch {
	case c.Data == config.DataDefault:
		return ""
	case strings.ContainsAny(c.Data, " \t'\"$\\"):
		return fmt.Sprintf(" --data %q", c.Data)
	}
	return " --data " + c.Data
}

// onBoard is a command about one board.
type onBoard struct {
	Board string `placeholder:"BOARD" help:"The board, by id or title; not needed if there is one only."`
}

// answerBytesMax bounds what a server answers.
const answerBytesMax = 256 << 20

// operator speaks with the operator's API, the same way wherever it is.
type operator struct {
	ctx   context.Context
	app   *app
	http  http.RoundTripper
	close func() error
	store store.Store // nil if a server has it open
}

// connect finds the API of a data directory. With create a store is made where
// there is none.
func (a *app) connect(c operatorCmd, create bool) (*operator, error) {
	o := &operator{ctx: a.ctx, app: a, close: func() error { return nil }}
	conn, err := api.DialSocket(a.ctx, c.Data)
	switch {
	case err == nil:
		conn.Close()
		o.http = &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return api.DialSocket(ctx, c.Data) },
			DisableKeepAlives: true,
		}
		return o, nil
	case !errors.Is(err, api.ErrNoDaemon):
		return nil, err
	}
	s, err := a.openStore(c.Data, false)
	if create && errors.Is(err, ErrNoStore) {
		fmt.Fprintf(a.Stderr, "there is no store in %s, so one is made; if your server has its store elsewhere, name that with --data\n", c.Data)
		s, err = a.openStore(c.Data, true)
	}
	if err != nil {
		return nil, err
	}
	o.store = s
	if o.http, o.close, err = inProcess(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return o, nil
}

// pathOf is the path of a list: that of a board, or of all if none is named.
func (o *operator) pathOf(list, board string) (string, error) {
	if board == "" {
		return "/v1" + list, nil
	}
	b, err := o.board(board)
	if err != nil {
		return "", err
	}
	return boardPath(b, list), nil
}

// inProcess is the operator's API over a store that no server has open.
func inProcess(s store.Store) (http.RoundTripper, func() error, error) {
	reg, err := registry.Open(registry.Config{Store: s})
	if err != nil {
		return nil, nil, fmt.Errorf("read who belongs: %w", err)
	}
	server, err := api.RecallServer(s)
	if err != nil {
		return nil, nil, errors.Join(err, reg.Close())
	}
	found := founding.Founder{Store: s, Now: time.Now}
	handler := api.NewOperator(api.Config{Registry: reg, Server: server, Found: found.Found})
	return direct{handler}, func() error { return errors.Join(reg.Close(), s.Close()) }, nil
}

// direct carries requests to a handler in this process.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &written{header: http.Header{}, status: http.StatusOK}
	d.ServeHTTP(w, r)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), Request: r}, nil
}

type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) WriteHeader(status int)      { w.status = status }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }

// refusal is what the API says instead of an answer.
type refusal struct{ api.Problem }

func (r refusal) Error() string { return strings.TrimSuffix(r.Message, ".") }

func (o *operator) ask(path string, into any) error { return o.do(http.MethodGet, path, nil, into) }

func (o *operator) tell(path string, body, into any) error {
	return o.do(http.MethodPost, path, body, into)
}

// do sends a request and reads its answer into into, unless that is nil.
func (o *operator) do(method, path string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(o.ctx, method, "http://operator"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := o.http.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(io.LimitReader(answer.Body, answerBytesMax)); err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		var p api.Problem
		if json.Unmarshal(text, &p) != nil || p.Message == "" {
			return fmt.Errorf("the server answered %d", answer.StatusCode)
		}
		return refusal{p}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("understand the server: %w", err)
	}
	return nil
}

// board finds a board by its id or title; the only one there is for no name.
func (o *operator) board(name string) (api.Board, error) {
	var list api.BoardList
	if err := o.ask("/v1/boards", &list); err != nil {
		return api.Board{}, err
	}
	var found []api.Board
	for _, b := range list.Boards {
		switch {
		case name == "" && !b.Archived, strings.EqualFold(b.Title, name):
			found = append(found, b)
		case b.ID == strings.TrimPrefix(name, id.URLPrefix):
			return b, nil
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(list.Boards) == 0:
		return api.Board{}, usageError{errors.New(`there is no board yet; make one with: syncd board create "Name"`)}
	case len(found) == 0:
		return api.Board{}, usageError{fmt.Errorf("no board is called %q; there are: %s", name, names(list.Boards))}
	case name == "":
		return api.Board{}, usageError{fmt.Errorf("there are several boards; say which with --board: %s", names(found))}
	}
	return api.Board{}, usageError{fmt.Errorf("%d boards are called %q; use the id: %s", len(found), name, names(found))}
}

// namesMax is how many boards a sentence names.
const namesMax = 10

func names(boards []api.Board) string {
	var all []string
	for i, b := range boards {
		if i == namesMax {
			all = append(all, fmt.Sprintf("and %d more (syncd board list)", len(boards)-i))
			break
		}
		all = append(all, fmt.Sprintf("%q (%s)", b.Title, b.ID))
	}
	return strings.Join(all, ", ")
}

func boardPath(b api.Board, rest string) string { return "/v1/boards/" + b.ID + rest }

func segment(s string) string { return "/" + url.PathEscape(s) }

// run connects, and closes when f is done.
func (a *app) operate(c operatorCmd, create bool, f func(*operator) error) error {
	o, err := a.connect(c, create)
	if err != nil {
		return err
	}
	return errors.Join(f(o), o.close())
}

// printJSON prints what a program reads.
func (a *app) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "%s\n", text)
	return err
}
