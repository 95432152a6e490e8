document.title="Visavis";
