package pst

import (
	"fmt"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/mapi"
)

// mailbox tells the messages of a store.
type mailbox struct {
	store   *store
	out     extract.Out
	counts  map[uint32]int // messages so far by folder
	folders map[uint32]string
}

// maxFolders bounds the folders whose names are kept.
const maxFolders = 100_000

// message tells a message of a folder. A broken one makes the document
// partial.
func (m *mailbox) message(n node) error {
	if len(m.counts) < maxFolders || m.counts[n.parent] > 0 {
		m.counts[n.parent]++
	}
	place := "message " + fmt.Sprint(m.counts[n.parent])
	folder, err := m.folder(n.parent, 0)
	if err != nil {
		return err
	}
	if folder != "" {
		place = folder + "/" + place
	}
	return m.tolerate(place, m.read(n, place, 0))
}

// tolerate records a fault that costs only what is named.
func (m *mailbox) tolerate(name string, err error) error {
	if err == nil || !m.store.tolerable(err) {
		return err
	}
	return extract.Broken(m.out, name, err)
}

// maxParents is how deep folders may nest.
const maxParents = 32

// folder returns the path of a folder, without the root, which users do not
// see.
func (m *mailbox) folder(id uint32, depth int) (string, error) {
	if path, ok := m.folders[id]; ok {
		return path, nil
	}
	if id&nodeType != typeFolder || depth > maxParents {
		return "", nil
	}
	n, err := m.store.node(id)
	if err != nil {
		return "", m.known(err)
	}
	name, err := m.name(n)
	if err != nil {
		return "", m.known(err)
	}
	path := strings.ReplaceAll(name, "/", "_")
	if n.parent != id && n.parent != 0 {
		above, err := m.folder(n.parent, depth+1)
		if err != nil {
			return "", err
		}
		if above != "" {
			path = above + "/" + path
		}
	}
	if len(m.folders) < maxFolders && len(path) < 4096 {
		m.folders[id] = path
	}
	return path, nil
}

// known lets a folder without a readable name pass.
func (m *mailbox) known(err error) error {
	if m.store.tolerable(err) {
		return nil
	}
	return err
}

func (m *mailbox) name(n node) (string, error) {
	h, err := m.store.heap(n)
	if err != nil {
		return "", err
	}
	list, err := h.properties()
	for _, p := range list {
		if p.id == mapi.Display && (p.typ == mapi.TypeUnicode || p.typ == mapi.TypeANSI) {
			v, err := h.value(p.value)
			return mapi.Decode(v, p.typ, nil), err
		}
	}
	return "", err
}

// object is a node with what is for people of its properties.
type object struct {
	mapi.Message
	heap *heap
	list []property
}

// maxObject bounds the strings of an object, in bytes.
const maxObject = 2 * maxValue

// object reads the properties of a node, of bytes only those of wanted tags.
// Broken values are left out and told by name.
func (m *mailbox) object(n node, place string) (*object, error) {
	h, err := m.store.heap(n)
	if err != nil {
		return nil, err
	}
	o := &object{heap: h, Message: mapi.Message{Strings: map[int]string{}}}
	if o.list, err = h.properties(); err != nil {
		if err := m.tolerate(place, err); err != nil {
			return nil, err
		}
	}
	page := codePage(o.list)
	size := 0
	for _, p := range o.list {
		var v []byte
		switch base := p.typ &^ mapi.Multiple; {
		case base == mapi.TypeUnicode, base == mapi.TypeANSI, p.typ == mapi.TypeBinary && (p.id == mapi.HTML || p.id == mapi.RTF):
			v, err = h.value(p.value)
		default:
			continue
		}
		if err != nil {
			if err := m.tolerate(place, err); err != nil {
				return nil, err
			}
		}
		if size += len(v); size > maxObject {
			return nil, fmt.Errorf("properties over %d bytes: %w", maxObject, extract.ErrTooLarge)
		}
		switch {
		case p.typ == mapi.TypeBinary && p.id == mapi.HTML:
			o.HTML = v
		case p.typ == mapi.TypeBinary:
			o.RTF = v
		case p.typ&mapi.Multiple != 0:
			o.Strings[p.id] = strings.Join(multiple(v, p.typ&^mapi.Multiple, page), "\n")
		default:
			o.Strings[p.id] = mapi.Decode(v, p.typ, page)
		}
	}
	return o, nil
}

// maxDepth is how deep messages may be attached to messages.
const maxDepth = 16

// read tells a message: heading, text, receivers and attachments.
func (m *mailbox) read(n node, place string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("messages nested over %d deep: %w", maxDepth, extract.ErrTooLarge)
	}
	o, err := m.object(n, place)
	if err != nil {
		return err
	}
	to := placed{m.out, place}
	if err := o.Head(to); err != nil {
		return err
	}
	if err := o.Text(m.store.ctx, to); err != nil {
		return err
	}
	nodes, err := o.heap.subnodes()
	if err := m.tolerate(place, err); err != nil {
		return err
	}
	count := 0
	for _, sub := range nodes {
		switch sub.id & nodeType {
		case typeRecipients:
			err = m.recipients(sub, o, to)
		case typeAttachment:
			count++
			err = m.attachment(sub, place, count, depth)
		default:
			continue
		}
		if err := m.tolerate(place, err); err != nil {
			return err
		}
	}
	return nil
}

func (m *mailbox) recipients(n node, o *object, to placed) error {
	h, err := m.store.heap(n)
	if err != nil {
		return err
	}
	var b strings.Builder
	told := o.Strings[0x0E04] + "; " + o.Strings[0x0E03] + "; " + o.Strings[0x0E02]
	err = h.rows(codePage(o.list), func(strs map[int]string) error {
		if s := mapi.Recipient(strs); !strings.Contains(told, strings.TrimSpace(s)) {
			b.WriteString(s)
		}
		if b.Len() > maxValue {
			return fmt.Errorf("receivers over %d bytes: %w", maxValue, extract.ErrTooLarge)
		}
		return nil
	})
	if b.Len() > 0 {
		if err := to.Text(extract.Block{Text: b.String()}); err != nil {
			return err
		}
	}
	return err
}

// attachment hands over an attached file, or tells an attached message.
func (m *mailbox) attachment(n node, place string, number, depth int) error {
	o, err := m.object(n, place)
	if err != nil {
		return err
	}
	name := mapi.AttachmentName(o.Strings)
	path := place + "/" + name
	if name == "" {
		path = fmt.Sprintf("%s/attachment %d", place, number)
	}
	for _, p := range o.list {
		if p.id != mapi.AttachData {
			continue
		}
		switch p.typ {
		case mapi.TypeBinary:
			return m.file(o.heap, p.value, path)
		case mapi.TypeObject:
			sub, err := o.heap.subnode(u32(o.heap.item(p.value), 0))
			if err != nil {
				return err
			}
			if sub.id&nodeType == typeMessage {
				return m.tolerate(path, m.read(sub, path, depth+1))
			}
			return m.stream(sub.data, path)
		}
	}
	if name == "" {
		return nil
	}
	return placed{m.out, place}.Text(extract.Block{Text: name})
}

func (m *mailbox) file(h *heap, value int, path string) error {
	if value&nodeType == 0 {
		return m.out.File(path, extract.Bytes(h.item(value)))
	}
	n, err := h.subnode(value)
	if err != nil {
		return err
	}
	return m.stream(n.data, path)
}

// stream hands over the data of a node.
func (m *mailbox) stream(bid uint64, path string) error {
	r, err := m.store.stream(bid)
	if err != nil && !m.store.tolerable(err) {
		return err
	}
	data, err := extract.Buffer(m.store.ctx, r)
	if err != nil && !m.store.tolerable(err) {
		return err
	}
	if err != nil {
		if err := extract.Broken(m.out, path, err); err != nil {
			return err
		}
	}
	return m.out.File(path, data)
}

// placed tells in which message a text stands.
type placed struct {
	out  extract.Out
	part string
}

// Text implements extract.Out.
func (p placed) Text(b extract.Block) error {
	b.Place.Part = extract.MaskDigits(p.part)
	return p.out.Text(b)
}

// File implements extract.Out.
func (p placed) File(name string, f extract.File) error { return extract.Embed(p.out, name, f) }

// Broken passes on what extract.Broken is told.
func (p placed) Broken(name string, err error) error { return extract.Broken(p.out, name, err) }
