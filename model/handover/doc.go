// Package handover writes an audience or a plan as files for other tools and
// for people who hold the permissions that rollcall lacks: CSV for a
// spreadsheet, CSV for the bulk operations of the Entra admin center, and a
// PowerShell script.
//
// Everything in these files came from a directory that others can write to, so
// each format has one function that makes a text harmless in it. The package
// builds bytes; it touches no disk.
package handover
