// Package scenario has test-only worlds: nodes, bots and a virtual network in virtual time (testing/synctest). Start from World;
// below it is Net, whose hosts speak UDP over pion's vnet and TCP over buffered pipes, with loss, delay and cuts in each direction.
// Nothing that runs in earnest may import it.
package scenario
