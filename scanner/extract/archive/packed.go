package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"

	"aktvakt/scanner/extract"
)

func (a *archive) sevenZip() error {
	var z *sevenzip.Reader
	err := guard("7z", func() error {
		var err error
		z, err = sevenzip.NewReader(a.f, a.f.Size())
		return err
	})
	if err != nil {
		return sevenZipFault(err)
	}
	// A stream that broke once breaks for all its later members: they are not
	// unpacked again from its start.
	failed := map[int]error{}
	for _, m := range z.File {
		name := text(m.Name)
		if m.FileInfo().IsDir() {
			continue
		}
		if old := failed[m.Stream]; old != nil {
			if err := a.broken(name, old); err != nil {
				return err
			}
			continue
		}
		readErr, err := a.sevenZipMember(m, name)
		if err != nil {
			return err
		}
		if readErr != nil && !errors.Is(readErr, extract.ErrTooLarge) {
			failed[m.Stream] = sevenZipFault(readErr)
		}
	}
	return nil
}

func (a *archive) sevenZipMember(m *sevenzip.File, name string) (readErr, err error) {
	if m.UncompressedSize == 0 {
		return nil, a.out.File(name, extract.Bytes(nil))
	}
	var rc io.ReadCloser
	readErr = guard("7z", func() error {
		var err error
		rc, err = m.Open()
		return err
	})
	if readErr != nil {
		readErr = sevenZipFault(readErr)
		return readErr, a.broken(name, readErr)
	}
	defer rc.Close()
	return a.member(name, faulty{rc})
}

// faulty gives errors of a 7z stream their reason.
type faulty struct{ r io.Reader }

func (f faulty) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = sevenZipFault(err)
	}
	return n, err
}

func sevenZipFault(err error) error {
	var re *sevenzip.ReadError
	if errors.As(err, &re) && re.Encrypted {
		return extract.ErrEncrypted
	}
	return fault(err)
}

func (a *archive) rar() error {
	var r *rardecode.Reader
	err := guard("rar", func() error {
		var err error
		r, err = rardecode.NewReader(io.NewSectionReader(a.f, 0, a.f.Size()), rardecode.MaxDictionarySize(maxDict))
		return err
	})
	if err != nil {
		return rarFault(err)
	}
	for {
		if err := extract.Alive(a.ctx); err != nil {
			return err
		}
		var h *rardecode.FileHeader
		err := guard("rar", func() error {
			var err error
			h, err = r.Next()
			return err
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return rarFault(err)
		}
		if h.IsDir {
			continue
		}
		name := text(h.Name)
		if h.Encrypted || h.HeaderEncrypted {
			if err := a.broken(name, extract.ErrEncrypted); err != nil {
				return err
			}
			continue
		}
		if _, err := a.member(name, rarReader{r}); err != nil {
			return err
		}
	}
}

// rarReader gives errors of a rar stream their reason.
type rarReader struct{ r io.Reader }

func (f rarReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = rarFault(err)
	}
	return n, err
}

func rarFault(err error) error {
	switch {
	case errors.Is(err, rardecode.ErrArchiveEncrypted), errors.Is(err, rardecode.ErrArchivedFileEncrypted),
		errors.Is(err, rardecode.ErrBadPassword):
		return extract.ErrEncrypted
	case errors.Is(err, rardecode.ErrDictionaryTooLarge):
		return fmt.Errorf("dictionary over %d bytes: %w", maxDict, extract.ErrTooLarge)
	case errors.Is(err, rardecode.ErrMultiVolume):
		return fmt.Errorf("goes on in another file: %w", extract.ErrCorrupt)
	case errors.Is(err, rardecode.ErrUnknownDecoder), errors.Is(err, rardecode.ErrUnsupportedDecoder), errors.Is(err, rardecode.ErrUnknownVersion):
		return fmt.Errorf("version of rar: %w", extract.ErrUnsupported)
	}
	return fault(err)
}
