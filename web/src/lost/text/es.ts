// Spanish, when a file of the page is lost. See en.ts.
export const text = {
  title: "Esta página no se ha cargado por completo.",
  help: "Una parte no ha llegado de su servidor. Si volver a cargarla no ayuda, avise a su técnico.",
  again: "Cargar de nuevo",
};
