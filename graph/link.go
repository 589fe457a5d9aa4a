package graph

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"rollcall/model"
)

// below reads a link that the service named and that must lead to its own host,
// below the root.
func (t *transport) below(link string) (*url.URL, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, &model.Error{Kind: model.KindFailed, Code: "linkUnreadable", Message: t.name + " named a link that cannot be read", Err: err}
	}
	if !t.own(u) {
		return nil, t.foreignHost(u)
	}
	if clean := path.Clean("/" + u.Path); !within(clean, t.root.Path) || clean != strings.TrimSuffix(u.Path, "/") {
		return nil, t.foreignPath()
	}
	return u, nil
}

func (t *transport) foreignPath() *model.Error {
	return &model.Error{
		Kind: model.KindFailed, Code: "foreignPath",
		Message: fmt.Sprintf("%s named a link outside of %s; nothing was sent to it", t.name, t.root.Path),
		Remedy:  "check " + t.setting + " in the profile, and whether a proxy changes the answers",
	}
}

// within reports whether a path is a root's own or below it. Exchange does not
// spell its paths the same way everywhere.
func within(path, root string) bool {
	return strings.EqualFold(path, root) ||
		len(path) > len(root) && strings.EqualFold(path[:len(root)], root) && path[len(root)] == '/'
}

// linkItem follows a link inside a $batch, whose requests are named by what is
// below the root. That is sent as the service wrote it: a token that was encoded
// anew might not be the same one. The error is a *model.Error.
func (c *Client) linkItem(link string) (batchItem, error) {
	u, err := c.transport.below(link)
	if err != nil {
		return batchItem{}, err
	}
	_, tail, _ := strings.Cut(link, "://"+u.Host+c.root.EscapedPath())
	if !strings.HasPrefix(tail, "/") || u.Fragment != "" {
		return batchItem{}, c.transport.foreignPath()
	}
	return batchItem{Method: http.MethodGet, URL: tail}, nil
}
