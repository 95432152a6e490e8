// Package node is the whole: configuration, construction order, start, stop. The only place where everything meets. Start from Node.
package node
