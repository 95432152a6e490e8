document.title = "Visavis";
