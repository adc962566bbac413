//go:build !unix

package pdf

import "os"

// prepareCache makes the cache folder.
func prepareCache(dir string) (unlock func(), err error) {
	return func() {}, os.MkdirAll(dir, 0o700)
}
