//go:build tools

// Package ollama pins the Ollama that `bun run ollama` builds; go.sum holds its hashes.
package ollama

import _ "github.com/ollama/ollama"
