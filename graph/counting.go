package graph

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/groups"

	"rollcall/model"
)

// countRequest counts the users of a group and of those nested in it, which the
// index alone can.
func (c *Client) countRequest(ctx context.Context, groupID string) (*abstractions.RequestInformation, error) {
	return c.groupsBuilder().ByGroupId(groupID).TransitiveMembers().GraphUser().Count().ToGetRequestInformation(ctx,
		&groups.ItemTransitiveMembersGraphUserCountRequestBuilderGetRequestConfiguration{Headers: advanced()})
}

// CountUsers implements expansion.Counter, with one request for 20 groups. What
// Graph does not know is not asked for: dynamic distribution lists and groups
// without an id. A group whose members are hidden from this account is not
// counted as empty. The error is one that every further request would meet too.
func (c *Client) CountUsers(ctx context.Context, list []model.Group) ([]int, error) {
	ctx = withPriority(ctx, priorityHigh)
	counts := make([]int, len(list))
	items := make([]batchItem, 0, len(list))
	asked := make([]int, 0, len(list)) // index in list of each item
	for i, g := range list {
		counts[i] = -1
		if g.Kind == model.KindDynamicDistribution || g.ID == "" {
			continue
		}
		item, err := c.newBatchItem(c.countRequest(ctx, g.ID))
		if err != nil {
			return nil, err
		}
		item.read = func(body []byte) (err error) {
			counts[i], err = decodeInnerCount(body)
			return err
		}
		items, asked = append(items, item), append(asked, i)
	}
	for k, a := range c.batches(ctx, items) {
		if isFatal(a.Err) {
			return nil, a.Err
		}
		i := asked[k]
		if a.Err != nil || counts[i] == 0 && list[i].HiddenMembership && !c.seesHidden() {
			counts[i] = -1
		}
	}
	return counts, nil
}

// decodeInnerCount reads a $count inside a $batch. OData has a plain text as a
// JSON string there, and what is no text in base64; Graph's own samples show a
// number. Source: OData JSON Format 4.01, section 19.2.
func decodeInnerCount(body []byte) (int, error) {
	if !bytes.HasPrefix(body, []byte{'"'}) {
		return decodeCount(body)
	}
	var text string
	if err := json.Unmarshal(body, &text); err != nil {
		return 0, err
	}
	n, err := decodeCount([]byte(text))
	if err == nil {
		return n, nil
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(text); err == nil {
			return decodeCount(decoded)
		}
	}
	return 0, err
}
