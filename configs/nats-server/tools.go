//go:build tools

// Package natsserver pins the nats-server that build.ts compiles in; go.sum holds its hashes.
package natsserver

import _ "github.com/nats-io/nats-server/v2"
