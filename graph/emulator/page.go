package emulator

import (
	"html"
	"net/http"
)

// writePage writes one of the authority's small HTML pages. The body is HTML:
// what is not ours in it has been through escape. Templates are not used: they
// would keep every exported method of the whole program in the binary.
func writePage(w http.ResponseWriter, status int, title, body string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>` + escape(title) + `</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:30em;margin:4em auto;padding:0 1em}input{font:inherit;padding:.3em;letter-spacing:.1em}button{font:inherit;padding:.3em 1em}small{color:#666}</style>
<h1>` + escape(title) + `</h1>
` + body + `
<p><small>This is rollcall's embedded tenant on your own machine, not Microsoft.</small></p></html>`))
}

func escape(s string) string { return html.EscapeString(s) }
