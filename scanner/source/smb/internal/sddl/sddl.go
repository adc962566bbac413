// Package sddl stands in for github.com/cloudsoda/sddl, which the SMB library
// imports and whose licence (LGPL-3) does not fit a program that is linked
// statically. go.mod replaces that module by this one.
//
// This program never calls what needs it: security descriptors are taken from
// the wire as bytes and read by package access. Both functions therefore only
// say so.
package sddl

import "errors"

// ErrAbsent is the answer of everything here.
var ErrAbsent = errors.New("sddl: left out of this program; security descriptors are read by package access")

// SecurityDescriptor has the name that the SMB library expects.
type SecurityDescriptor struct{}

// FromBinary never succeeds.
func FromBinary([]byte) (*SecurityDescriptor, error) { return nil, ErrAbsent }

// Binary is empty.
func (*SecurityDescriptor) Binary() []byte { return nil }
