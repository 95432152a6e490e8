function a(e,t,r,s){let{version:o,versions:n}=e.view.value.manuscript;return e.ask(t,{...r,versions:n},s,o)}export{a};
