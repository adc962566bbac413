// Package config loads and validates the configuration file. All faults of a
// file are reported at once, each with its line and, where a key is
// misspelt, the key that was probably meant. The JSON Schema for editors is
// made from the same types.
//
// The package reads the files it is told to read and nothing else; it never
// reads the environment and opens no connection.
package config

import (
	"time"

	"aktvakt/scanner/judge"
)

// Config is the whole configuration file.
type Config struct {
	Targets     []Target     `yaml:"targets,omitempty" json:"targets,omitempty" jsonschema:"description=What to scan. Targets on the command line replace this list."`
	Policy      judge.Policy `yaml:"policy,omitempty" json:"policy,omitempty" jsonschema:"description=How many may read a document of each grade."`
	Detectors   Detectors    `yaml:"detectors,omitempty" json:"detectors,omitempty"`
	Extract     Extract      `yaml:"extract,omitempty" json:"extract,omitempty"`
	Access      Access       `yaml:"access,omitempty" json:"access,omitempty"`
	Directories []Directory  `yaml:"directories,omitempty" json:"directories,omitempty" jsonschema:"description=The domains whose accounts and groups stand in ACLs."`
	State       string       `yaml:"state,omitempty" json:"state,omitempty" jsonschema:"description=Where earlier runs are kept: sqlite:PATH.,pattern=^sqlite:"`
	Report      Report       `yaml:"report,omitempty" json:"report,omitempty"`
	Notify      Notify       `yaml:"notify,omitempty" json:"notify,omitempty"`
	Limits      Limits       `yaml:"limits,omitempty" json:"limits,omitempty"`
}

// Target is one share, folder or portal to scan.
type Target struct {
	Name        string       `yaml:"name,omitempty" json:"name,omitempty" jsonschema:"description=A short name for people."`
	URL         string       `yaml:"url" json:"url" jsonschema:"required,description=A path or smb://[domain;user@]host[:port][/share[/path]] or the https:// address of a portal (davs:// for WebDAV)."`
	Credentials Credentials  `yaml:"credentials,omitempty" json:"credentials,omitempty"`
	Include     []string     `yaml:"include,omitempty" json:"include,omitempty" jsonschema:"description=Globs of paths to scan; ** spans folders. Empty means all."`
	Exclude     []string     `yaml:"exclude,omitempty" json:"exclude,omitempty" jsonschema:"description=Globs of paths to leave out; they are counted as excluded."`
	Staff       int          `yaml:"staff,omitempty" json:"staff,omitempty" jsonschema:"minimum=0,description=How many people work here; 0 counts the living accounts."`
	Limits      TargetLimits `yaml:"limits,omitempty" json:"limits,omitempty"`
	Web         Web          `yaml:"web,omitempty" json:"web,omitempty" jsonschema:"description=For portals at https:// alone."`
}

// Credentials say how to log on to a target. A password never stands in the
// file itself.
type Credentials struct {
	Domain       string `yaml:"domain,omitempty" json:"domain,omitempty"`
	User         string `yaml:"user,omitempty" json:"user,omitempty"`
	PasswordFile string `yaml:"password_file,omitempty" json:"password_file,omitempty" jsonschema:"description=A file that holds the password and nothing else."`
	Keytab       string `yaml:"keytab,omitempty" json:"keytab,omitempty" jsonschema:"description=Log on with Kerberos: a keytab with the key of user."`
	CCache       string `yaml:"ccache,omitempty" json:"ccache,omitempty" jsonschema:"description=Log on with Kerberos: a credential cache that something else renews."`
	Realm        string `yaml:"realm,omitempty" json:"realm,omitempty" jsonschema:"description=The Kerberos realm of user; default that of the keytab."`
	Krb5Conf     string `yaml:"krb5_conf,omitempty" json:"krb5_conf,omitempty" jsonschema:"description=A krb5.conf; default /etc/krb5.conf and without that DNS."`
	SPN          string `yaml:"spn,omitempty" json:"spn,omitempty" jsonschema:"description=The service name of the server; default cifs/ and its host name."`
}

// Kerberos reports whether the account logs on with tickets.
func (c Credentials) Kerberos() bool { return c.Keytab != "" || c.CCache != "" }

// Directory is an Active Directory domain, or an export of one.
type Directory struct {
	URL          string `yaml:"url,omitempty" json:"url,omitempty" jsonschema:"description=ldaps://host or ldap://host (upgraded by StartTLS)."`
	Base         string `yaml:"base,omitempty" json:"base,omitempty" jsonschema:"description=Naming context; default the domain of the server."`
	User         string `yaml:"user,omitempty" json:"user,omitempty" jsonschema:"description=name@domain or a DN; any ordinary account will do. Default AKTVAKT_LDAP_USER."`
	PasswordFile string `yaml:"password_file,omitempty" json:"password_file,omitempty" jsonschema:"description=A file that holds the password; default AKTVAKT_LDAP_PASSWORD_FILE."`
	Keytab       string `yaml:"keytab,omitempty" json:"keytab,omitempty" jsonschema:"description=Log on with Kerberos instead of a password."`
	CCache       string `yaml:"ccache,omitempty" json:"ccache,omitempty" jsonschema:"description=Log on with Kerberos: a credential cache that something else renews."`
	Realm        string `yaml:"realm,omitempty" json:"realm,omitempty" jsonschema:"description=The Kerberos realm of user; default that of the keytab."`
	Krb5Conf     string `yaml:"krb5_conf,omitempty" json:"krb5_conf,omitempty" jsonschema:"description=A krb5.conf; default /etc/krb5.conf and without that DNS."`
	SPN          string `yaml:"spn,omitempty" json:"spn,omitempty" jsonschema:"description=The service name of the controller; default ldap/ and its host name."`
	Export       string `yaml:"export,omitempty" json:"export,omitempty" jsonschema:"description=An LDIF or CSV file instead of a server."`
	Domain       string `yaml:"domain,omitempty" json:"domain,omitempty" jsonschema:"description=The short name of the domain of an export."`
	CAFile       string `yaml:"ca_file,omitempty" json:"ca_file,omitempty" jsonschema:"description=PEM file of the authority that signed the controller's certificate; default the system's."`
}

// Credentials returns how to log on to the directory.
func (d Directory) Credentials() Credentials {
	return Credentials{User: d.User, PasswordFile: d.PasswordFile, Keytab: d.Keytab, CCache: d.CCache, Realm: d.Realm, Krb5Conf: d.Krb5Conf, SPN: d.SPN}
}

// TargetLimits keep a file server unharmed. They hold for the host, across all
// its targets; where those differ, the strictest holds.
type TargetLimits struct {
	InFlight  int  `yaml:"in_flight,omitempty" json:"in_flight,omitempty" jsonschema:"minimum=0,maximum=256,description=Requests under way at once; 0 means 16 and up to 128 where the round trip is long. Fewer when the server grows slow."`
	Sessions  int  `yaml:"sessions,omitempty" json:"sessions,omitempty" jsonschema:"minimum=0,maximum=64,description=Connections to the host; 0 means 8."`
	IOPS      int  `yaml:"iops,omitempty" json:"iops,omitempty" jsonschema:"minimum=0,description=Files opened, parts read and pages listed a second; 0 is no limit."`
	Bandwidth Size `yaml:"bandwidth,omitempty" json:"bandwidth,omitempty" jsonschema:"description=Bytes a second read from this host, such as 20MiB; 0 is no limit."`
}

// Detectors are the settings of what counts as personal data.
type Detectors struct {
	HomeCountry      string   `yaml:"home_country,omitempty" json:"home_country,omitempty" jsonschema:"enum=se,enum=dk,enum=no,enum=fi,enum=is"`
	CountTestNumbers bool     `yaml:"count_test_numbers,omitempty" json:"count_test_numbers,omitempty" jsonschema:"description=Treat published test numbers as real; for trials."`
	Markers          []string `yaml:"markers,omitempty" json:"markers,omitempty" jsonschema:"description=Further marker files of your own."`
	NotIdentity      []string `yaml:"not_identity,omitempty" json:"not_identity,omitempty" jsonschema:"description=Regular expressions of your own invoice and case numbers that are never identity numbers."`
}

// Extract bounds what a document may cost.
type Extract struct {
	PDF         string   `yaml:"pdf,omitempty" json:"pdf,omitempty" jsonschema:"enum=pdfium,enum=fast"`
	OCR         *bool    `yaml:"ocr,omitempty" json:"ocr,omitempty" jsonschema:"description=Read scanned pages with the tesseract program where it is present; default true."`
	Languages   []string `yaml:"languages,omitempty" json:"languages,omitempty" jsonschema:"description=Tesseract languages, such as swe and dan."`
	MaxFileSize Size     `yaml:"max_file_size,omitempty" json:"max_file_size,omitempty" jsonschema:"description=Larger files are skipped as too-large; default 2GiB."`
	MaxText     Size     `yaml:"max_text,omitempty" json:"max_text,omitempty" jsonschema:"description=Text read of one document; default 64MiB."`
	Timeout     Duration `yaml:"timeout,omitempty" json:"timeout,omitempty" jsonschema:"description=Time for one document; default 60s."`
}

// Access are the rules for counting people.
type Access struct {
	Staff           int      `yaml:"staff,omitempty" json:"staff,omitempty" jsonschema:"minimum=0,description=How many people work here; 0 counts the living accounts."`
	WideShare       float64  `yaml:"wide_share,omitempty" json:"wide_share,omitempty" jsonschema:"minimum=0,maximum=1,description=A group of more than this share of staff counts as wide; default 0.5."`
	Administrators  []string `yaml:"administrators,omitempty" json:"administrators,omitempty" jsonschema:"description=Names or SIDs (globs) counted apart as administrators."`
	ServiceAccounts []string `yaml:"service_accounts,omitempty" json:"service_accounts,omitempty" jsonschema:"description=Names or SIDs (globs) counted apart as service accounts."`
}

// Report says what is written where.
type Report struct {
	Dir             string   `yaml:"dir,omitempty" json:"dir,omitempty" jsonschema:"description=Folder of the report; default ./aktvakt-report."`
	Formats         []string `yaml:"formats,omitempty" json:"formats,omitempty" jsonschema:"description=Any of html, jsonl, csv, xlsx, metrics, ocsf; summary.json is always written."`
	Accept          string   `yaml:"accept,omitempty" json:"accept,omitempty" jsonschema:"description=A YAML file of decisions on findings that may stay."`
	RedactPaths     bool     `yaml:"redact_paths,omitempty" json:"redact_paths,omitempty" jsonschema:"description=Replace the names of folders and files by tokens."`
	Organisation    string   `yaml:"organisation,omitempty" json:"organisation,omitempty" jsonschema:"description=The controller's name in a dossier."`
	DossierTemplate string   `yaml:"dossier_template,omitempty" json:"dossier_template,omitempty" jsonschema:"description=A Word file of your own for the dossier; aktvakt report --format dossier-template writes the default one."`
	Language        string   `yaml:"language,omitempty" json:"language,omitempty" jsonschema:"enum=sv,enum=da,enum=nb,enum=fi,enum=en"`
}

// Notify says who is told that a run has ended. None of them gets a path, a
// group or evidence.
type Notify struct {
	Webhook Webhook `yaml:"webhook,omitempty" json:"webhook,omitempty"`
	Syslog  Syslog  `yaml:"syslog,omitempty" json:"syslog,omitempty"`
	Mail    Mail    `yaml:"mail,omitempty" json:"mail,omitempty"`
}

// Webhook is a program that is told by HTTPS, signed with a secret.
type Webhook struct {
	URL        string `yaml:"url,omitempty" json:"url,omitempty"`
	SecretFile string `yaml:"secret_file,omitempty" json:"secret_file,omitempty" jsonschema:"description=A file that holds the key of the signature."`
}

// Syslog is a log server that is told over TLS (RFC 5425).
type Syslog struct {
	Address string `yaml:"address,omitempty" json:"address,omitempty" jsonschema:"description=host:port; the port of syslog over TLS is 6514."`
	CAFile  string `yaml:"ca_file,omitempty" json:"ca_file,omitempty"`
}

// Mail is who gets the summary by e-mail.
type Mail struct {
	Server       string   `yaml:"server,omitempty" json:"server,omitempty" jsonschema:"description=host:port; 465 is TLS from the start, any other port STARTTLS."`
	User         string   `yaml:"user,omitempty" json:"user,omitempty"`
	PasswordFile string   `yaml:"password_file,omitempty" json:"password_file,omitempty"`
	From         string   `yaml:"from,omitempty" json:"from,omitempty"`
	To           []string `yaml:"to,omitempty" json:"to,omitempty" jsonschema:"description=The security team: told of every run."`
	CAFile       string   `yaml:"ca_file,omitempty" json:"ca_file,omitempty"`
	Link         string   `yaml:"link,omitempty" json:"link,omitempty" jsonschema:"description=Where the report is, for the text."`
	Owners       []Owner  `yaml:"owners,omitempty" json:"owners,omitempty" jsonschema:"description=Owners of folders, told of incidents there."`
}

// Owner answers for a folder.
type Owner struct {
	Path string   `yaml:"path" json:"path" jsonschema:"required,description=A glob of full names, such as smb://fs1/docs/Barn/**."`
	To   []string `yaml:"to" json:"to" jsonschema:"required"`
}

// Limits hold for the whole run.
type Limits struct {
	Workers     int      `yaml:"workers,omitempty" json:"workers,omitempty" jsonschema:"minimum=0,description=Documents read at once; 0 means one per core."`
	Bandwidth   Size     `yaml:"bandwidth,omitempty" json:"bandwidth,omitempty" jsonschema:"description=Bytes a second read from each host."`
	MaxDuration Duration `yaml:"max_duration,omitempty" json:"max_duration,omitempty" jsonschema:"description=Stop after this time, such as 6h."`
	// Window is the time of day in which a scan may run.
	Window Window `yaml:"window,omitempty" json:"window,omitzero" jsonschema:"description=The time of day in which a scan may run, such as 22:00-05:30, in local time. It stops at the end and goes on the next night."`
	// RefreshNights spreads what a new version must read anew.
	RefreshNights int `yaml:"refresh_nights,omitempty" json:"refresh_nights,omitempty" jsonschema:"minimum=0,description=The number of nights over which unchanged files are read anew after a change of the program or its settings; 0 means 7."`
}

// Formats are the report formats that exist.
var Formats = []string{"html", "jsonl", "csv", "xlsx", "metrics", "ocsf"}

// DefaultFormats are written where nothing else is asked for.
var DefaultFormats = []string{"html", "jsonl", "csv", "xlsx"}

// Countries are the home countries.
var Countries = []string{"se", "dk", "no", "fi", "is"}

// Languages are the languages of the report.
var Languages = []string{"sv", "da", "nb", "fi", "en"}

// Default returns the configuration that holds where no file says otherwise.
func Default() Config {
	return Config{
		Policy: judge.DefaultPolicy(),
		Extract: Extract{
			PDF: "pdfium", MaxFileSize: 2 << 30, MaxText: 64 << 20,
			Timeout: Duration(time.Minute), Languages: []string{"swe", "dan", "nor", "fin", "eng"},
		},
		Report: Report{Dir: "aktvakt-report", Formats: DefaultFormats, Language: "en"},
		Access: Access{WideShare: 0.5},
	}
}
