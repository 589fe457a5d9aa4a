// Package tui is rollcall's screen: one Bubble Tea model at the top, panes and
// dialogs below it that are plain structs with imperative methods.
//
// Nothing here touches disk or network inside Update or View. Work runs as a
// task (tasks.go): a command that carries a generation, so that an answer that
// was overtaken is dropped. Text from the directory is hostile until it went
// through the sanitiser and is measured in one place (text.go).
package tui
