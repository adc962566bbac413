package smb

import "aktvakt/scanner/source"

// File attributes, MS-FSCC 2.6.
const (
	attrDirectory    = 0x10
	attrReparsePoint = 0x400
	attrOffline      = 0x1000
	attrRecallOnOpen = 0x40000
	attrRecallOnData = 0x400000
)

// Reparse tags, MS-FSCC 2.1.2.1.
const (
	tagDFS        = 0x8000000A
	tagDFSR       = 0x80000012
	tagNFS        = 0x80000014
	tagAFUnix     = 0x80000023
	tagLXFifo     = 0x80000024
	tagLXChar     = 0x80000025
	tagLXBlock    = 0x80000026
	tagHSM        = 0xC0000004
	tagHSM2       = 0x80000006
	tagAppExec    = 0x8000001B
	nameSurrogate = 0x20000000
)

// kindOf tells what an entry is by its attributes and reparse tag.
//
// Not every reparse point is a link: a volume with data deduplication marks
// each ordinary file with a tag, as do compression and cloud tiering, and
// those are read like any other. Links are the tags with the name surrogate
// bit (symbolic links, junctions, mount points) and those of DFS.
func kindOf(attributes, tag uint32) (k source.Kind, offline bool) {
	offline = attributes&(attrOffline|attrRecallOnOpen|attrRecallOnData) != 0
	if attributes&attrReparsePoint != 0 {
		switch {
		case tag&nameSurrogate != 0, tag == tagDFS, tag == tagDFSR, tag == 0:
			return source.Link, offline
		case tag == tagNFS, tag == tagAFUnix, tag == tagLXFifo, tag == tagLXChar, tag == tagLXBlock, tag == tagAppExec:
			return source.Other, offline
		case tag == tagHSM, tag == tagHSM2:
			offline = true
		}
	}
	if attributes&attrDirectory != 0 {
		return source.Dir, offline
	}
	return source.Regular, offline
}
