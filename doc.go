// Package visavis is the root of the module; the programs are in cmd/, the parts in internal/, the page in web/.
package visavis
