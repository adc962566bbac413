package config

import (
	_ "embed"
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// Example is a commented configuration for a municipality, as config init
// writes it.
//
//go:embed example.yaml
var Example []byte

// Schema returns the JSON Schema (draft 2020-12) of the configuration file,
// indented.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true}
	s := r.Reflect(&Config{})
	s.ID = "https://aktvakt.invalid/config.schema.json"
	s.Title = "aktvakt configuration"
	return json.MarshalIndent(s, "", "  ")
}
