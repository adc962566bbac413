// Package pst reads Outlook's mailbox files (pst, ost, pab): the messages of
// all folders, contacts and calendar entries among them, with their addresses,
// texts and attachments. Messages that no folder lists any more are read too,
// and what Outlook asks a password for, which protects nothing.
//
// It is written for hostile files: no structure is trusted to be a tree, all
// that is held at once is bounded, and a message that is broken costs only
// itself. Nothing is repaired and free space is not looked at.
//
// Start reading at Extractor.Extract; ndb.go finds blocks and nodes, heap.go
// the properties in a node, message.go tells messages. The structures are
// those of [MS-PST]; the 4 KiB pages of ost files since 2013, which it does
// not have, are those that libpff documents.
package pst

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/mapi"
)

// MediaType is that of a mailbox file.
const MediaType = "application/vnd.ms-outlook-pst"

const magic = "!BDN"

// Extractor reads mailbox files.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "pst" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	s, err := open(ctx, f)
	if err != nil {
		return err
	}
	m := &mailbox{store: s, out: out, counts: map[uint32]int{}, folders: map[uint32]string{}}
	n := 0
	err = s.each(func(n1 node) error {
		n++
		if n > maxNodes {
			return fmt.Errorf("over %d nodes: %w", maxNodes, extract.ErrTooLarge)
		}
		if n1.id&nodeType != typeMessage {
			return nil
		}
		return m.message(n1)
	})
	if err == nil && s.broken > 0 {
		err = fmt.Errorf("%d pages of its index are unreadable: %w", s.broken, extract.ErrCorrupt)
	}
	return err
}

// maxNodes bounds the nodes of a mailbox file; one of 50 GB with mails of
// 10 KB has so many.
const maxNodes = 20_000_000

// open reads the header.
func open(ctx context.Context, f extract.File) (*store, error) {
	head := make([]byte, headerSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if err := extract.Alive(ctx); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(head[:n], []byte(magic)) {
		return nil, fmt.Errorf("no mailbox file: %w", extract.ErrUnsupported)
	}
	if n < headerSize {
		return nil, fmt.Errorf("header of %d bytes: %w", n, extract.ErrCorrupt)
	}
	s := &store{ctx: ctx, f: f}
	switch v := u16(head, 10); {
	case v == 14 || v == 15:
		s.layout = ansi
	case v >= 36:
		s.layout = wide
	case v >= 20:
		s.layout = unicode
	default:
		return nil, fmt.Errorf("version %d: %w", v, extract.ErrUnsupported)
	}
	s.crypt = head[s.cryptAt]
	if s.crypt > cryptCyclic {
		return nil, fmt.Errorf("by method %d: %w", s.crypt, extract.ErrEncrypted)
	}
	s.nodeRoot, s.blockRoot = s.word(head, s.rootAt+s.wordSize), s.word(head, s.rootAt+3*s.wordSize)
	return s, nil
}

// tolerable reports whether a fault costs only the part at hand. A read error
// of the file below is none.
func (s *store) tolerable(err error) bool { return !mapi.Fatal(s.ctx, err) && !errors.Is(err, errRead) }
