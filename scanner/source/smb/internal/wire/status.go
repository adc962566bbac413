package wire

import (
	"errors"
	"fmt"
)

// Status is an NTSTATUS that a server answered with, MS-ERREF 2.3.
type Status uint32

// Statuses that callers tell apart.
const (
	BufferOverflow        Status = 0x80000005
	NoMoreFiles           Status = 0x80000006
	StoppedOnSymlink      Status = 0x8000002D
	InvalidParameter      Status = 0xC000000D
	NoSuchFile            Status = 0xC000000F
	EndOfFile             Status = 0xC0000011
	AccessDenied          Status = 0xC0000022
	ObjectNameInvalid     Status = 0xC0000033
	ObjectNameNotFound    Status = 0xC0000034
	ObjectPathNotFound    Status = 0xC000003A
	SharingViolation      Status = 0xC0000043
	FileLockConflict      Status = 0xC0000054
	LockNotGranted        Status = 0xC0000055
	DeletePending         Status = 0xC0000056
	NoSuchUser            Status = 0xC0000064
	WrongPassword         Status = 0xC000006A
	LogonFailure          Status = 0xC000006D
	AccountRestriction    Status = 0xC000006E
	InvalidLogonHours     Status = 0xC000006F
	InvalidWorkstation    Status = 0xC0000070
	PasswordExpired       Status = 0xC0000071
	AccountDisabled       Status = 0xC0000072
	InsufficientResources Status = 0xC000009A
	IOTimeout             Status = 0xC00000B5
	FileIsADirectory      Status = 0xC00000BA
	NetworkNameDeleted    Status = 0xC00000C9
	NetworkAccessDenied   Status = 0xC00000CA
	BadNetworkName        Status = 0xC00000CC
	RequestNotAccepted    Status = 0xC00000D0
	NotADirectory         Status = 0xC0000103
	TooManyOpenedFiles    Status = 0xC000011F
	FileDeleted           Status = 0xC0000123
	FileClosed            Status = 0xC0000128
	LogonTypeNotGranted   Status = 0xC000015B
	AccountExpired        Status = 0xC0000193
	UserSessionDeleted    Status = 0xC0000203
	InsuffServerResources Status = 0xC0000205
	ConnectionDisconnect  Status = 0xC000020C
	ConnectionReset       Status = 0xC000020D
	PasswordMustChange    Status = 0xC0000224
	NotFound              Status = 0xC0000225
	Retry                 Status = 0xC000022D
	AccountLockedOut      Status = 0xC0000234
	PathNotCovered        Status = 0xC0000257
	FileIsOffline         Status = 0xC0000267
	FileNotAvailable      Status = 0xC0000467
	NetworkSessionExpired Status = 0xC000035C
	CloudFileProvider     Status = 0xC000CF06
	CloudFileUnsuccessful Status = 0xC000CF0D
	CloudFileAccessDenied Status = 0xC000CF18
)

var statusNames = map[Status]string{
	BufferOverflow: "BUFFER_OVERFLOW", NoMoreFiles: "NO_MORE_FILES", StoppedOnSymlink: "STOPPED_ON_SYMLINK",
	InvalidParameter: "INVALID_PARAMETER", NoSuchFile: "NO_SUCH_FILE", EndOfFile: "END_OF_FILE",
	AccessDenied: "ACCESS_DENIED", ObjectNameInvalid: "OBJECT_NAME_INVALID", ObjectNameNotFound: "OBJECT_NAME_NOT_FOUND",
	ObjectPathNotFound: "OBJECT_PATH_NOT_FOUND", SharingViolation: "SHARING_VIOLATION",
	FileLockConflict: "FILE_LOCK_CONFLICT", LockNotGranted: "LOCK_NOT_GRANTED", DeletePending: "DELETE_PENDING",
	NoSuchUser: "NO_SUCH_USER", WrongPassword: "WRONG_PASSWORD", LogonFailure: "LOGON_FAILURE",
	AccountRestriction: "ACCOUNT_RESTRICTION", InvalidLogonHours: "INVALID_LOGON_HOURS",
	InvalidWorkstation: "INVALID_WORKSTATION", PasswordExpired: "PASSWORD_EXPIRED", AccountDisabled: "ACCOUNT_DISABLED",
	InsufficientResources: "INSUFFICIENT_RESOURCES", IOTimeout: "IO_TIMEOUT", FileIsADirectory: "FILE_IS_A_DIRECTORY",
	NetworkNameDeleted: "NETWORK_NAME_DELETED", NetworkAccessDenied: "NETWORK_ACCESS_DENIED",
	BadNetworkName: "BAD_NETWORK_NAME", RequestNotAccepted: "REQUEST_NOT_ACCEPTED", NotADirectory: "NOT_A_DIRECTORY",
	TooManyOpenedFiles: "TOO_MANY_OPENED_FILES", FileDeleted: "FILE_DELETED", FileClosed: "FILE_CLOSED",
	LogonTypeNotGranted: "LOGON_TYPE_NOT_GRANTED", AccountExpired: "ACCOUNT_EXPIRED",
	UserSessionDeleted: "USER_SESSION_DELETED", InsuffServerResources: "INSUFF_SERVER_RESOURCES",
	ConnectionDisconnect: "CONNECTION_DISCONNECTED", ConnectionReset: "CONNECTION_RESET",
	PasswordMustChange: "PASSWORD_MUST_CHANGE", NotFound: "NOT_FOUND", Retry: "RETRY",
	AccountLockedOut: "ACCOUNT_LOCKED_OUT", PathNotCovered: "PATH_NOT_COVERED", FileIsOffline: "FILE_IS_OFFLINE",
	FileNotAvailable: "FILE_NOT_AVAILABLE", NetworkSessionExpired: "NETWORK_SESSION_EXPIRED",
	CloudFileProvider: "CLOUD_FILE_PROVIDER_NOT_RUNNING", CloudFileUnsuccessful: "CLOUD_FILE_UNSUCCESSFUL",
	CloudFileAccessDenied: "CLOUD_FILE_ACCESS_DENIED",
}

func (s Status) Error() string {
	if n, ok := statusNames[s]; ok {
		return "STATUS_" + n
	}
	return fmt.Sprintf("NTSTATUS 0x%08X", uint32(s))
}

// AsStatus finds the Status in an error's chain.
func AsStatus(err error) (Status, bool) {
	var s Status
	ok := errors.As(err, &s)
	return s, ok
}

// Malformed says that a server's answer breaks the protocol.
type Malformed string

func (m Malformed) Error() string { return "malformed answer: " + string(m) }
