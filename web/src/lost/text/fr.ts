// French, when a file of the page is lost. See en.ts.
export const text = {
  title: "Cette page n'est pas entièrement chargée.",
  help: "Une partie n'est pas arrivée de votre serveur. Si un nouveau chargement n'y change rien, prévenez votre technicien.",
  again: "Charger à nouveau",
};
