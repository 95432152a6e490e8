package auth

// Two lists of 256 English words, made for this: short, known to people who learnt English late, no two of them one letter apart, no two that
// sound alike. Words at even places come from the first list (one beat), those at odd places from the second (two beats and more), so that a
// word left out or two in the wrong order are heard at once. The order is that of the alphabet; place in the list = value of the byte.

// evenWords are words of one syllable.
const evenWords = `
arch bark bead bird blade blend block bloom boat book bowl box branch brand brass brick bridge bronze broth brush bulb
bunch cake calm camp card chain chalk charm chest chord chunk clam cliff cloth cloud coach coal coast coin comb cork
crab crane crew crisp crown crumb crust cube curve dance dawn depth dish dive dome dough draft dream dress drop dust elm
fan farm feast fence fern field fig film flag flame flask fleet flint flute foam folk frog frost fruit fudge gate gem
gift girl glass globe gold goose grain grape grid grove guest guide gulf harp hatch hawk hedge hill hinge hoof horn
horse hut ink jade jam jazz joint juice jump keel kelp king kite knife leaf lens lime lodge lynx map mask milk mint moon
moss moth mouse mulch nest niece north oak oats pair path peach pearl phone pine plaid plank pledge plough plum pond
porch post prism prize proof pulse quail queen quilt realm reef robe rock rug sage salt sand scale scarf school scout
shade sheep shelf shirt shoe shrub skate sketch sky sled sleeve sleigh slope smile smoke snack snail snow soap south
spark sphere spice spoon spring square squid stable stamp star steam stick stone stool storm straw stripe sun swan sweet
swing tank tape tent theme thief thread thumb tile tongue tooth tower toy track trail tree tribe trout trunk truth tuft
twig valve vase vault verb verse vet view voice wasp whale wheat wheel wolf wood world wrist yacht yarn year zinc zone`

// oddWords are words of two syllables and more.
const oddWords = `
acorn airport almond amber anchor ankle apple arrow artist atlas autumn avenue badger bakery balcony bamboo banana
basket beacon beaver berry bicycle biscuit blanket blossom bonfire border bottle bouquet bracelet breakfast bubble
bucket buffalo button cabin cactus camel camera candle canoe canvas canyon captain caravan carrot castle cedar celery
chapel cherry chicken chimney cinema circle clarinet climate coffee colony compass concert copper corner cotton country
cousin coyote cricket crystal cucumber curtain cushion daisy daylight desert diamond dinner dolphin donkey dragon
drawing eagle elbow elephant emerald fabric factory falcon family feather festival fiddle finger firefly flamingo forest
fountain galaxy gallery garden garlic giraffe glacier granite gravity guitar hamlet hammer harvest hazel helmet holiday
honey horizon hotel iceberg insect island ivory jasmine jigsaw journey kangaroo kingdom kitchen kitten ladder language
lantern lavender lemon leopard letter library lizard lobster locket lumber magnet mango maple marigold market meadow
melody mermaid meteor midnight mirror morning mosaic mushroom music mustard nectar needle nickel notebook nugget oasis
ocean octopus olive onion orange orchard orchid organ ostrich otter oxygen oyster paddle painter pancake panda paper
parade pasture peacock pebble pelican pencil penguin pepper petal piano picnic pigeon pillow pilot pirate planet poplar
potato pudding pumpkin puppet puzzle pyramid rabbit raccoon railway rainbow raisin ribbon river robin safari sailor
salad salmon sandal saturn scholar season shadow shepherd silver skyline spinach spiral squirrel stadium station summer
sunset swallow teacher thunder ticket tiger tomato tornado tractor treasure trumpet tunnel turtle umbrella valley
vanilla velvet village violet violin volcano voyage walnut walrus waterfall weekend whisper window winter yellow`
