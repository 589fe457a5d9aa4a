package opath

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest filter, in characters, that Exchange takes.
// Source: Exchange PowerShell documentation, New-DynamicDistributionGroup.
const MaxLength = 2048

// Service is where a filter is used.
type Service uint8

const (
	Online Service = iota // Exchange Online, which takes no leading wildcard
	Server                // Exchange Server on premises
)

// Compile reads a filter. What Exchange would refuse is an *Error.
func Compile(filter string, where Service) (*Filter, error) {
	if utf8.RuneCountInString(filter) > MaxLength {
		beginning := string([]rune(filter)[:32]) + "…"
		return nil, &Error{Message: "The filter is longer than 2048 characters.", Filter: beginning, Position: MaxLength + 1}
	}
	tokens, err := scan(filter)
	if err != nil {
		return nil, err
	}
	p := parser{filter: filter, where: where, tokens: tokens}
	root, err := p.expression()
	if err != nil {
		return nil, err
	}
	if end := p.peek(); end.kind != tokenEnd {
		return nil, syntaxError(filter, end.at)
	}
	return &Filter{text: filter, root: root}, nil
}

type parser struct {
	filter string
	where  Service
	tokens []token
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

// expression reads operands joined by -and and -or, from the left.
func (p *parser) expression() (*node, error) {
	left, err := p.operand()
	for err == nil {
		joint := p.peek()
		if joint.kind != tokenOperator || joint.text != "-and" && joint.text != "-or" {
			return left, nil
		}
		p.take()
		var right *node
		if right, err = p.operand(); err == nil {
			left = &node{kind: nodeAnd, left: left, right: right}
			if joint.text == "-or" {
				left.kind = nodeOr
			}
		}
	}
	return nil, err
}

func (p *parser) operand() (*node, error) {
	switch t := p.take(); {
	case t.kind == tokenOperator && t.text == "-not":
		inner, err := p.operand()
		return &node{kind: nodeNot, left: inner}, err
	case t.kind == tokenOpen:
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		if end := p.take(); end.kind != tokenClose {
			return nil, syntaxError(p.filter, end.at)
		}
		return inner, nil
	case t.kind == tokenWord:
		return p.comparison(t)
	default:
		return nil, syntaxError(p.filter, t.at)
	}
}

// operators of comparisons.
var operators = map[string]operator{
	"-eq": opEq, "-ne": opNe, "-like": opLike, "-notlike": opNotLike,
	"-gt": opGt, "-ge": opGe, "-lt": opLt, "-le": opLe,
}

func (p *parser) comparison(name token) (*node, error) {
	property, known := find(name.text)
	if !known {
		return nil, errorAt(p.filter, name.at, "\""+name.text+"\" is not a recognized filterable property. For a complete list of filterable properties see the command help.")
	}
	op, value := p.take(), p.take()
	n := &node{kind: nodeComparison, property: property, several: properties[property].several}
	switch with, known := operators[op.text]; {
	case op.kind != tokenOperator || !known:
		return nil, syntaxError(p.filter, op.at)
	default:
		n.operator = with
	}
	switch value.kind {
	case tokenText, tokenNumber:
		n.value = value.text
	case tokenVariable:
		switch value.text {
		case "$null":
			n.blank = true
		case "$true":
			n.value = "True"
		case "$false":
			n.value = "False"
		default:
			return nil, syntaxError(p.filter, value.at)
		}
	default:
		return nil, syntaxError(p.filter, value.at)
	}
	if err := p.check(n, op, value); err != nil {
		return nil, err
	}
	n.prepare()
	return n, nil
}

// check refuses values and operators that the property does not take.
func (p *parser) check(n *node, op, value token) error {
	of := properties[n.property]
	equality := n.operator == opEq || n.operator == opNe
	wildcards := n.operator == opLike || n.operator == opNotLike
	switch {
	case n.blank && !equality:
		return syntaxError(p.filter, value.at)
	case n.blank:
		return nil
	case of.kind != text && !equality:
		return errorAt(p.filter, op.at, "The operator \""+op.text+"\" isn't supported for the property \""+of.name+"\".")
	case of.kind == flag && !strings.EqualFold(n.value, "true") && !strings.EqualFold(n.value, "false"):
		return errorAt(p.filter, value.at, "Cannot convert value \""+n.value+"\" to type \"System.Boolean\".")
	case of.kind == enum && !slices.ContainsFunc(enums[n.property], func(v string) bool { return strings.EqualFold(v, n.value) }):
		return errorAt(p.filter, value.at, "Cannot convert value \""+n.value+"\" to type \"Microsoft.Exchange.Data.Directory.Recipient."+of.name+"\". Error: \"Requested value '"+n.value+"' was not found.\"")
	case wildcards && p.where == Online && strings.HasPrefix(n.value, "*"):
		return errorAt(p.filter, value.at, "The wildcard \"*\" isn't supported as the first character of a value.")
	}
	return nil
}
