package graph

import (
	"context"
	"encoding/json"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
)

// removeRequest is the only place that builds a DELETE. Without the last
// segment, /$ref, the same call deletes the user instead of the membership.
// Source: Graph documentation, "Remove member", caution.
func (c *Client) removeRequest(ctx context.Context, groupID, userID string) (*abstractions.RequestInformation, error) {
	if !isGUID(groupID) || !isGUID(userID) {
		return nil, errNotARef
	}
	info, err := c.groupsBuilder().ByGroupId(groupID).Members().ByDirectoryObjectId(userID).Ref().ToDeleteRequestInformation(ctx, nil)
	if err != nil {
		return nil, err
	}
	u, err := info.GetUri()
	if err != nil {
		return nil, err
	}
	if !isMemberRef(strings.TrimPrefix(u.Path, c.root.Path)) {
		return nil, errNotARef
	}
	return info, nil
}

// addRequest adds one member by reference.
func (c *Client) addRequest(groupID, userID string) (*abstractions.RequestInformation, error) {
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.POST, "{+baseurl}/groups/{group%2Did}/members/$ref", c.groupPath(groupID))
	return info, setJSON(info, map[string]string{"@odata.id": c.objectURL(userID)})
}

// bindRequest adds up to 20 members at once: all of them or none. The PATCH is
// written by hand because the builder takes a group model, which knows no
// members@odata.bind.
func (c *Client) bindRequest(groupID string, userIDs []string) (*abstractions.RequestInformation, error) {
	links := make([]string, 0, len(userIDs))
	for _, id := range userIDs {
		links = append(links, c.objectURL(id))
	}
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.PATCH, "{+baseurl}/groups/{group%2Did}", c.groupPath(groupID))
	return info, setJSON(info, map[string][]string{"members@odata.bind": links})
}

func (c *Client) groupPath(groupID string) map[string]string {
	path := c.path()
	path["group%2Did"] = groupID
	return path
}

func (c *Client) objectURL(id string) string { return c.root.String() + "/directoryObjects/" + id }

func setJSON(info *abstractions.RequestInformation, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	info.SetStreamContentAndContentType(body, "application/json")
	return nil
}
