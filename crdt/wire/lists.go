package wire

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
)

// versions reads a list, or one text in its place; none means "1". HS5 HS6
func (d *decoder) versions() []string {
	if !d.present(keyVersions) {
		return []string{Version}
	}
	if d.data[d.off]&majorMask == majorText {
		text, err := d.text(d.lim.TextBytes)
		if err != nil {
			d.fail("supportedProtocolVersions", err)
		}
		return []string{string(text)}
	}
	list := []string{}
	err := d.texts(d.lim.Versions, d.lim.TextBytes, func(text []byte) error {
		list = append(list, string(text))
		return nil
	})
	if err != nil {
		d.fail("supportedProtocolVersions", err)
	}
	return list
}

// texts calls each with every element of a list of texts.
func (d *decoder) texts(most, bytesMax int, each func(text []byte) error) error {
	list, err := d.enter(majorArray)
	if err != nil {
		return err
	}
	for n := 0; list.next(&d.cursor); n++ {
		if n == most {
			return fmt.Errorf("%w: over %d elements", ErrTooLarge, most)
		}
		text, err := d.text(bytesMax)
		if err != nil {
			return err
		}
		if err := each(text); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) storages(key int, field string) []id.Storage {
	if !d.present(key) {
		return nil
	}
	var list []id.Storage
	err := d.texts(d.lim.Subscriptions, id.StorageBytesMax, func(text []byte) error {
		s, err := storage(text)
		list = append(list, s)
		return err
	})
	if err != nil {
		d.fail(field, err)
	}
	return list
}

func storage(text []byte) (id.Storage, error) {
	s, err := id.ParseStorage(string(text))
	switch {
	case errors.Is(err, id.ErrTooLong):
		return "", fmt.Errorf("%w: %w", ErrTooLarge, err)
	case err != nil:
		return "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return s, nil
}

// metadata reads the map, under either of its names. HS3
func (d *decoder) metadata() PeerMetadata {
	key := keyMetadata
	if d.at[key] == 0 {
		key = keyMetadataAlias
	}
	if !d.present(key) {
		return PeerMetadata{}
	}
	m, err := d.metadataMap()
	if err != nil {
		d.fail("peerMetadata", err)
	}
	return m
}

func (d *decoder) metadataMap() (m PeerMetadata, err error) {
	const storageID, isEphemeral = 0, 1
	var at [2]int
	err = d.fields(at[:], func(key []byte) int {
		switch string(key) {
		case "storageId":
			return storageID
		case "isEphemeral":
			return isEphemeral
		}
		return -1
	})
	if err != nil {
		return m, err
	}
	if d.off = at[storageID]; d.off != 0 && !d.absent() {
		text, err := d.text(id.StorageBytesMax)
		if err != nil {
			return m, fmt.Errorf("storageId: %w", err)
		}
		m.StorageID = id.Storage(text)
	}
	if d.off = at[isEphemeral]; d.off != 0 && !d.absent() {
		if m.IsEphemeral, err = d.bool(); err != nil {
			return m, fmt.Errorf("isEphemeral: %w", err)
		}
	}
	return m, nil
}

func (d *decoder) newHeads() map[id.Storage]RemoteHeads {
	if !d.present(keyNewHeads) {
		d.fail("newHeads", errMissing)
		return nil
	}
	m, err := d.newHeadsMap()
	if err != nil {
		d.fail("newHeads", err)
	}
	return m
}

func (d *decoder) newHeadsMap() (map[id.Storage]RemoteHeads, error) {
	pairs, err := d.enter(majorMap)
	if err != nil {
		return nil, err
	}
	m := map[id.Storage]RemoteHeads{}
	for pairs.next(&d.cursor) {
		if len(m) == d.lim.Storages {
			return nil, fmt.Errorf("%w: over %d storages", ErrTooLarge, d.lim.Storages)
		}
		text, err := d.text(id.StorageBytesMax)
		if err != nil {
			return nil, err
		}
		key, err := storage(text)
		if err != nil {
			return nil, err
		}
		if _, ok := m[key]; ok {
			return nil, fmt.Errorf("%w: a storage twice", ErrMalformed)
		}
		if m[key], err = d.remoteHeads(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (d *decoder) remoteHeads() (r RemoteHeads, err error) {
	const heads, timestamp = 0, 1
	var at [2]int
	err = d.fields(at[:], func(key []byte) int {
		switch string(key) {
		case "heads":
			return heads
		case "timestamp":
			return timestamp
		}
		return -1
	})
	if err != nil {
		return r, err
	}
	end := d.off
	if at[heads] == 0 || at[timestamp] == 0 {
		return r, errMissing
	}
	d.off = at[timestamp]
	if r.Timestamp, err = d.number(); err != nil {
		return r, fmt.Errorf("timestamp: %w", err)
	}
	d.off = at[heads]
	err = d.texts(d.lim.Heads, d.lim.FrameBytes, func(text []byte) error {
		h, err := id.ParseHead(string(text))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		r.Heads = append(r.Heads, h)
		return nil
	})
	d.off = end
	return r, err
}
