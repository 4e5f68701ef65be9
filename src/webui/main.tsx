import React from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { keepFocus } from './parts/keepFocus.ts';

const root = document.getElementById('root')!;
keepFocus(root);
createRoot(root).render(<App />);
